import { VoiceFlowError } from '../contract/errors.ts';
import { decode, fieldsOf, integersOf, join, textOf, Writer } from './protobuf.ts';

/** The linear layer at the end of an embedding network: `weights × statistics + bias`. */
export interface LinearLayer {
  /** `[to, from]`. */
  readonly weights: Float32Array;
  /** `[to]`. */
  readonly bias: Float32Array;
  readonly from: number;
  readonly to: number;
}

/** A network that pools over time, split at the pooling. */
export interface PooledNetwork {
  /** The same network, with the features before pooling as an additional output. */
  readonly bytes: Uint8Array;
  /** Name of that output: `[N, channels …, T]`. */
  readonly features: string;
  readonly head: LinearLayer;
}

interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly transposed: boolean;
}

/** Field numbers of ONNX's messages (onnx.proto). */
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5, output: 12 } as const;
const FLOAT = 1;

/**
 * Finds, in an ONNX file, the tensor that an embedding network pools over time (the input of the first mean before the
 * last linear layer) and that linear layer, and adds the tensor to the network's outputs. A protobuf message can be
 * extended by appending to it, so nothing is rewritten.
 * @throws `model-incompatible` for a network without these.
 */
export function openAtPooling(bytes: Uint8Array, what: string): PooledNetwork {
  const nodes: Node[] = [];
  const tensors = new Map<string, Uint8Array>();
  for (const graph of fieldsOf(bytes)) {
    if (graph.number !== MODEL_GRAPH) continue;
    for (const { number, bytes: part } of fieldsOf(graph.bytes)) {
      if (number === GRAPH.node) nodes.push(nodeOf(part));
      if (number === GRAPH.initializer) tensors.set(textOf(fieldsOf(part), 8), part);
    }
  }
  const last = nodes.findLast(({ type, inputs }) => type === 'Gemm' && tensors.has(inputs[1] ?? ''));
  const before = last && ancestors(nodes, last.inputs[0] ?? '');
  // Nodes are in the order of execution.
  const mean = nodes.find((node) => node.type === 'ReduceMean' && before?.has(node));
  const features = mean?.inputs[0];
  if (!last || features === undefined) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${what} has no mean over time before a last linear layer, expected a network with pooling`,
      { hint: 'use the weights that the manifest names' },
    );
  }
  return { bytes: withOutput(bytes, features), features, head: headOf(last, tensors, what) };
}

function headOf({ inputs, transposed }: Node, tensors: ReadonlyMap<string, Uint8Array>, what: string): LinearLayer {
  const { dims, data } = tensorOf(tensors.get(inputs[1] ?? '') as Uint8Array);
  const bias = tensors.get(inputs[2] ?? '');
  const [rows = 0, columns = 0] = dims;
  if (dims.length !== 2 || data.length !== rows * columns) {
    throw new VoiceFlowError(
      'model-incompatible',
      `the last layer of ${what} is [${dims.join(', ')}], expected a float32 matrix`,
    );
  }
  const [to, from] = transposed ? [rows, columns] : [columns, rows];
  const weights = transposed ? data : Float32Array.from(data, (_, i) => data[(i % from) * to + Math.floor(i / from)]!);
  return { weights, bias: bias ? tensorOf(bias).data : new Float32Array(to), from, to };
}

/** All nodes that a tensor depends on. */
function ancestors(nodes: readonly Node[], tensor: string): Set<Node> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set<Node>();
  const open = [tensor];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makers.get(name);
    if (!node || found.has(node)) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return found;
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5 (name 1, i 3). */
function nodeOf(bytes: Uint8Array): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let type = '';
  let transposed = false;
  for (const { number, bytes: part } of fieldsOf(bytes)) {
    if (number === 1) inputs.push(decode(part));
    if (number === 2) outputs.push(decode(part));
    if (number === 4) type = decode(part);
    if (number !== 5) continue;
    const attribute = fieldsOf(part);
    if (textOf(attribute, 1) === 'transB') {
      transposed = attribute.some((field) => field.number === 3 && field.value === 1);
    }
  }
  return { type, inputs, outputs, transposed };
}

/** TensorProto: dims 1, data_type 2, float_data 4, name 8, raw_data 9. */
function tensorOf(bytes: Uint8Array): { dims: number[]; data: Float32Array } {
  const fields = fieldsOf(bytes);
  let type = 0;
  let data = new Float32Array(0);
  for (const { number, value, bytes: part } of fields) {
    if (number === 2) type = value;
    // Copied by the constructor: `slice()` of a Node `Buffer` would be a view.
    if (number === 4 || number === 9) data = new Float32Array(new Uint8Array(part).buffer, 0, part.length >> 2);
  }
  return { dims: integersOf(fields, 1), data: type === FLOAT ? data : new Float32Array(0) };
}

/** ModelProto.graph { output { name, type { tensor_type { elem_type: float } } } }. */
function withOutput(bytes: Uint8Array, name: string): Uint8Array {
  const tensor = new Writer().integer(1, FLOAT).written;
  const type = new Writer().bytes(1, tensor).written;
  const value = new Writer().text(1, name).bytes(2, type).written;
  const graph = new Writer().bytes(GRAPH.output, value).written;
  return join([bytes, new Writer().bytes(MODEL_GRAPH, graph).written]);
}
