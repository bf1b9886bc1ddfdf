/** Writes small ONNX models, so that a backend can be tested without a file. Field numbers: onnx/onnx.proto3. */

const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const;

/** Versions that all runtimes of recent years can read. */
const IR_VERSION = 8;
const OPSET = 13;

export interface OnnxValue {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  /** A string is a dynamic dimension that the caller chooses. */
  readonly dims: readonly (number | string)[];
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface OnnxWeights {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxWeights[];
}

/** Encodes a graph as the bytes of an .onnx file. */
export function encodeOnnx({ inputs, outputs, nodes, weights = [] }: OnnxGraph): Uint8Array {
  const graph = new Message();
  for (const node of nodes) graph.message(1, nodeProto(node));
  graph.text(2, 'graph');
  for (const tensor of weights) graph.message(5, tensorProto(tensor));
  for (const value of inputs) graph.message(11, valueProto(value));
  for (const value of outputs) graph.message(12, valueProto(value));
  const opset = new Message().text(1, '').int(2, OPSET);
  return new Message().int(1, IR_VERSION).text(2, 'voiceflow').message(7, graph).message(8, opset).encode();
}

function nodeProto({ op, inputs, outputs }: OnnxNode): Message {
  const node = new Message();
  for (const input of inputs) node.text(1, input);
  for (const output of outputs) node.text(2, output);
  return node.text(4, op);
}

function tensorProto({ name, dims, data }: OnnxWeights): Message {
  const tensor = new Message();
  for (const size of dims) tensor.int(1, size);
  return tensor.int(2, TYPES.float32).text(8, name).raw(9, littleEndian(data));
}

function littleEndian(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.length * 4);
  const view = new DataView(bytes.buffer);
  data.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  return bytes;
}

function valueProto({ name, type, dims }: OnnxValue): Message {
  const shape = new Message();
  for (const size of dims) {
    shape.message(1, typeof size === 'number' ? new Message().int(1, size) : new Message().text(2, size));
  }
  const tensor = new Message().int(1, TYPES[type]).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** The part of protocol buffers needed to write ONNX models: https://protobuf.dev/programming-guides/encoding/ */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** A message: its encoded fields, in the order in which they were added. */
export class Message {
  readonly #bytes: number[] = [];

  /** Adds an integer ≥ 0. */
  int(field: number, value: number): this {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.raw(field, value.#bytes);
  }

  raw(field: number, bytes: ArrayLike<number>): this {
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(bytes.length);
    // One by one, because spread arguments overflow the stack for megabytes.
    for (let i = 0; i < bytes.length; i += 1) this.#bytes.push(bytes[i] ?? 0);
    return this;
  }

  encode(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }
}
