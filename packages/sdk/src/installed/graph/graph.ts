import { decode, type Field, fieldsOf, integersOf, join, textOf, Writer } from '../../inference/protobuf.ts';

/** Field numbers of ONNX's messages (onnx.proto). */
const MODEL = { graph: 7, opsets: 8 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const NODE = { input: 1, output: 2, name: 3, type: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, int: 3, text: 4, tensor: 5, graph: 6, ints: 8, type: 20, graphs: 11 } as const;
const TENSOR = { dims: 1, type: 2, int64: 7, name: 8, raw: 9 } as const;
/** Attributes that are networks. */
const INNER: readonly number[] = [ATTRIBUTE.graph, ATTRIBUTE.graphs];
const TYPES = { int: 2, ints: 7 } as const;
/** Types of tensors. */
export const FLOAT = 1;
const INT64 = 7;

/** By name: AttributeProto messages as they were read, and new integers ≥ 0 and lists of them. */
export type Attributes = ReadonlyMap<string, Uint8Array | number | readonly number[]>;

/** An operation of a network. Operations of other domains than ONNX's own have the domain before their type. */
export interface Operation {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** The fields that are copied as they are. */
  readonly others: readonly Uint8Array[];
  /** The whole message, if nothing has changed. */
  readonly whole?: Uint8Array;
}

/** A TensorProto message in parts, since most of its bytes are numbers that need not be copied. */
export type StoredTensor = readonly Uint8Array[];

/** An ONNX file, taken apart as far as rewriting needs it. */
export interface Graph {
  readonly operations: readonly Operation[];
  /** By name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Version of ONNX's own operations. */
  readonly opset: number;
  readonly model: readonly Field[];
  readonly graph: readonly Field[];
}

/** @returns Undefined for a network that contains networks, whose operations may use any tensor. @throws for no ONNX. */
export function readGraph(bytes: Uint8Array): Graph | undefined {
  const model = fieldsOf(bytes);
  const graphs = model.filter(({ number }) => number === MODEL.graph);
  const [only] = graphs;
  if (!only || graphs.length > 1) return undefined;
  const graph = fieldsOf(only.bytes);
  const all = (number: number) => graph.filter((field) => field.number === number).map((field) => field.bytes);
  const operations = all(GRAPH.node).map(operationOf);
  if (operations.some(({ inner }) => inner)) return undefined;
  const opsets = model.filter(({ number }) => number === MODEL.opsets).map(({ bytes: set }) => fieldsOf(set));
  const own = opsets.find((set) => ['', 'ai.onnx'].includes(textOf(set, 1)));
  const name = (message: Uint8Array) => textOf(fieldsOf(message), 1);
  return {
    operations,
    tensors: new Map(all(GRAPH.initializer).map((tensor) => [textOf(fieldsOf(tensor), TENSOR.name), [tensor]])),
    inputs: all(GRAPH.input).map(name),
    outputs: all(GRAPH.output).map(name),
    opset: own?.find(({ number }) => number === 2)?.value ?? 0,
    model,
    graph,
  };
}

/** The graph without the operations and the stored tensors that its outputs do not need. */
export function withoutUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs);
  const kept = [...graph.operations].reverse().filter((each) => {
    if (!each.outputs.some((name) => needed.has(name))) return false;
    for (const name of each.inputs) needed.add(name);
    return true;
  });
  // A stored tensor that is also an input is the input's default.
  const used = (name: string) => needed.has(name) || graph.inputs.includes(name);
  const tensors = new Map([...graph.tensors].filter(([name]) => used(name)));
  return { ...graph, operations: kept.reverse(), tensors };
}

export function writeGraph({ operations, tensors, model, graph }: Graph): Uint8Array {
  // Shapes of tensors inside the network are optional, and some have changed.
  const replaced: readonly number[] = [GRAPH.node, GRAPH.initializer, GRAPH.valueInfo];
  const nodes = new Writer();
  for (const each of operations) writeOperation(nodes, each);
  const stored = [...tensors.values()].flatMap((parts) => {
    return [new Writer().head(GRAPH.initializer, lengthOf(parts)).written, ...parts];
  });
  const rest = graph.filter(({ number }) => !replaced.includes(number)).map(({ whole }) => whole);
  const content = [nodes.written, ...rest, ...stored];
  const head = new Writer().head(MODEL.graph, lengthOf(content));
  return join(model.flatMap(({ number, whole }) => (number === MODEL.graph ? [head.written, ...content] : [whole])));
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** For one message inside another; a length precedes its contents. */
const message = new Writer();
const attributeMessage = new Writer();

function writeOperation(to: Writer, { type, inputs, outputs, attributes, others, whole }: Operation): void {
  if (whole) {
    to.bytes(GRAPH.node, whole);
    return;
  }
  message.clear();
  for (const name of inputs) message.text(NODE.input, name);
  for (const name of outputs) message.text(NODE.output, name);
  message.text(NODE.type, type.replace(/^.*:/, ''));
  for (const [name, value] of attributes) {
    message.bytes(NODE.attribute, value instanceof Uint8Array ? value : attributeOf(name, value));
  }
  for (const field of others) message.raw(field);
  to.bytes(GRAPH.node, message.written);
}

function attributeOf(name: string, value: number | readonly number[]): Uint8Array {
  attributeMessage.clear().text(ATTRIBUTE.name, name);
  if (typeof value === 'number') attributeMessage.integer(ATTRIBUTE.int, value).integer(ATTRIBUTE.type, TYPES.int);
  else {
    for (const one of value) attributeMessage.integer(ATTRIBUTE.ints, one);
    attributeMessage.integer(ATTRIBUTE.type, TYPES.ints);
  }
  return attributeMessage.written;
}

function operationOf(bytes: Uint8Array): Operation & { readonly inner: boolean } {
  const fields = fieldsOf(bytes);
  const all = (number: number) => fields.filter((field) => field.number === number).map((field) => field.bytes);
  const domain = textOf(fields, NODE.domain);
  const own = domain === '' || domain === 'ai.onnx';
  const parsed: readonly number[] = [NODE.input, NODE.output, NODE.type, NODE.attribute];
  const type = textOf(fields, NODE.type);
  const attributes = all(NODE.attribute).map((attribute) => ({ attribute, parts: fieldsOf(attribute) }));
  return {
    type: own ? type : `${domain}:${type}`,
    inputs: all(NODE.input).map(decode),
    outputs: all(NODE.output).map(decode),
    attributes: new Map(attributes.map(({ attribute, parts }) => [textOf(parts, ATTRIBUTE.name), attribute])),
    inner: attributes.some(({ parts }) => parts.some(({ number }) => INNER.includes(number))),
    others: fields.filter(({ number }) => !parsed.includes(number)).map(({ whole }) => whole),
    whole: bytes,
  };
}

/** The operation with other inputs, outputs or attributes. */
export function changed(
  each: Operation,
  changes: Partial<Pick<Operation, 'inputs' | 'outputs' | 'attributes'>>,
): Operation {
  return { ...each, ...changes, whole: undefined };
}

/** A new operation. Attributes are ≥ 0. */
export function operation(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Operation {
  return { type, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)), others: [] };
}

/** An attribute that is a list of integers; undefined if it is absent. */
export function listOf({ attributes }: Operation, name: string): readonly number[] | undefined {
  const value = attributes.get(name);
  if (value instanceof Uint8Array) return integersOf(fieldsOf(value), ATTRIBUTE.ints);
  return typeof value === 'number' ? undefined : value;
}

/** An attribute that is an integer; undefined if it is absent. */
export function integerOf({ attributes }: Operation, name: string): number | undefined {
  const value = attributes.get(name);
  if (value instanceof Uint8Array) return fieldsOf(value).find(({ number }) => number === ATTRIBUTE.int)?.int32;
  return typeof value === 'number' ? value : undefined;
}

/** An attribute that is a text; undefined if it is absent. */
export function attributeText({ attributes }: Operation, name: string): string | undefined {
  const value = attributes.get(name);
  return value instanceof Uint8Array ? textOf(fieldsOf(value), ATTRIBUTE.text) : undefined;
}

/** The tensor in an operation `Constant`. */
export function constantTensor({ attributes }: Operation): StoredTensor | undefined {
  const bytes = attributes.get('value');
  const tensor = bytes instanceof Uint8Array && fieldsOf(bytes).find(({ number }) => number === ATTRIBUTE.tensor);
  return tensor ? [tensor.bytes] : undefined;
}

/** The numbers of a tensor of 64-bit integers, in 32 bits; undefined for other tensors. */
export function int64Numbers(tensor: StoredTensor): number[] | undefined {
  const fields = tensor.flatMap(fieldsOf);
  if (fields.find(({ number }) => number === TENSOR.type)?.value !== INT64) return undefined;
  const raw = fields.find(({ number }) => number === TENSOR.raw)?.bytes;
  if (!raw) return integersOf(fields, TENSOR.int64);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return Array.from({ length: raw.length >> 3 }, (_, i) => view.getInt32(8 * i, true));
}

/** A tensor of 64-bit integers. @param dims Default: a number. */
export function int64Tensor(name: string, numbers: readonly number[], dims: readonly number[] = []): StoredTensor {
  return tensorOf(name, INT64, dims, new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer));
}

/** A tensor that is one float32 number. */
export function floatTensor(name: string, number: number): StoredTensor {
  return tensorOf(name, FLOAT, [], new Uint8Array(Float32Array.of(number).buffer));
}

function tensorOf(name: string, type: number, dims: readonly number[], raw: Uint8Array): StoredTensor {
  const fields = new Writer().integer(TENSOR.type, type).text(TENSOR.name, name).bytes(TENSOR.raw, raw);
  return [sizes(dims), fields.written];
}

/** Whether a tensor has 32-bit floating-point numbers. */
export function isFloat(tensor: StoredTensor): boolean {
  return tensor.flatMap(fieldsOf).find(({ number }) => number === TENSOR.type)?.value === FLOAT;
}

export function dimsOf(tensor: StoredTensor): number[] {
  return integersOf(tensor.flatMap(fieldsOf), TENSOR.dims);
}

/** The same numbers with other dimensions. */
export function withDims(tensor: StoredTensor, dims: readonly number[]): StoredTensor {
  const others = tensor.flatMap(fieldsOf).filter(({ number }) => number !== TENSOR.dims);
  return [sizes(dims), ...others.map(({ whole }) => whole)];
}

function sizes(dims: readonly number[]): Uint8Array {
  const fields = new Writer();
  for (const size of dims) fields.integer(TENSOR.dims, size);
  return fields.written;
}
