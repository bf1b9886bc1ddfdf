import {
  type Attributes,
  attributeText,
  changed,
  dimsOf,
  type Graph,
  int64Tensor,
  integerOf,
  listOf,
  type Operation,
  operation,
  type StoredTensor,
  withDims,
} from './graph.ts';
import { Uses } from './uses.ts';

/** Operations on each number or each channel, which work in the same way with an additional dimension. */
const UNARY: ReadonlySet<string> = new Set([
  'Abs',
  'BatchNormalization',
  'InstanceNormalization',
  'LeakyRelu',
  'Relu',
  'Sigmoid',
  'Sqrt',
]);
const BINARY: ReadonlySet<string> = new Set(['Add', 'Mul']);

/**
 * Turns convolutions over time, of `[N, channels, T]`, into convolutions of images with one row, `[N, channels, 1, T]`,
 * together with the operations between them. The result is the same. ONNX Runtime has its fastest convolutions only
 * for images: with blocks of channels, without copies of the input, and with the activation included.
 * @param matrices Names of tensors with two dimensions by which `[N, channels, T]` may be multiplied.
 * @returns The graph itself if it has no such convolution.
 */
export function asImages(graph: Graph, matrices: ReadonlySet<string>): Graph {
  const weights = findWeights(graph);
  if (weights.size === 0) return graph;
  return new Rewriting(graph, matrices, weights).run();
}

/** Stored tensors with the weights of one-dimensional convolutions, by the names under which they are used. */
function findWeights(graph: Graph): Map<string, string> {
  const uses = new Uses(graph);
  const found = new Map<string, string>();
  for (const { type, inputs } of graph.operations) {
    const name = inputs[1];
    if (type !== 'Conv' || name === undefined) continue;
    const stored = uses.stored(name);
    const tensor = stored === undefined ? undefined : graph.tensors.get(stored);
    if (stored === undefined || !tensor || dimsOf(tensor).length !== 3) continue;
    if (graph.inputs.includes(stored) || graph.outputs.some((output) => [name, stored].includes(output))) continue;
    // All convolutions with these weights must become two-dimensional.
    if (uses.users(name).every((user) => isPlain(user) && user.inputs[1] === name)) found.set(name, stored);
  }
  return found;
}

function isPlain(convolution: Operation): boolean {
  return convolution.type === 'Conv' && (attributeText(convolution, 'auto_pad') ?? 'NOTSET') === 'NOTSET';
}

class Rewriting {
  readonly #graph: Graph;
  readonly #matrices: ReadonlySet<string>;
  readonly #weights: ReadonlyMap<string, string>;
  readonly #tensors: Map<string, StoredTensor>;
  readonly #operations: Operation[] = [];
  /** Tensors that exist as images, and those that do not exist without the additional dimension. */
  readonly #images = new Map<string, string>();
  readonly #onlyImages = new Set<string>();

  constructor(graph: Graph, matrices: ReadonlySet<string>, weights: ReadonlyMap<string, string>) {
    this.#graph = graph;
    this.#matrices = matrices;
    this.#weights = weights;
    this.#tensors = new Map(graph.tensors);
    this.#tensors.set(TO_IMAGE, int64Tensor(TO_IMAGE, [0, 0, 1, -1], [4]));
    this.#tensors.set(FROM_IMAGE, int64Tensor(FROM_IMAGE, [0, 0, -1], [3]));
  }

  run(): Graph {
    for (const [, stored] of this.#weights) {
      const tensor = this.#tensors.get(stored);
      const [to = 0, from = 0, width = 0] = tensor ? dimsOf(tensor) : [];
      if (tensor) this.#tensors.set(stored, withDims(tensor, [to, from, 1, width]));
    }
    for (const each of this.#graph.operations) {
      const changes = this.#onImages(each);
      if (changes) this.#addImage(each, changes);
      else {
        for (const name of each.inputs) this.#flat(name);
        this.#operations.push(each);
      }
    }
    for (const name of this.#graph.outputs) this.#flat(name);
    return { ...this.#graph, operations: this.#operations, tensors: this.#tensors };
  }

  /** Inputs and attributes of the operation on images; undefined if it stays as it is. */
  #onImages(each: Operation): Pick<Operation, 'inputs' | 'attributes'> | undefined {
    const { type, inputs, outputs, attributes } = each;
    const [input = '', second = ''] = inputs;
    const same = () => ({ inputs: [this.#image(input), ...inputs.slice(1)], attributes });
    if (type === 'Conv' && this.#weights.has(second)) return { ...same(), attributes: withRow(each) };
    if (!this.#images.has(input) || outputs.length !== 1) return undefined;
    if (UNARY.has(type)) return same();
    if (type === 'MatMul' && this.#matrices.has(second)) return same();
    if (type === 'MaxPool' && (attributeText(each, 'auto_pad') ?? 'NOTSET') === 'NOTSET') {
      return { ...same(), attributes: withRow(each) };
    }
    const all = BINARY.has(type) ? inputs.every((name) => this.#images.has(name)) : type === 'Concat';
    if (all && (type !== 'Concat' || integerOf(each, 'axis') === 1)) {
      return { inputs: inputs.map((name) => this.#image(name)), attributes };
    }
    return undefined;
  }

  #addImage(each: Operation, changes: Pick<Operation, 'inputs' | 'attributes'>): void {
    const [output = ''] = each.outputs;
    const image = `${output}${SUFFIX}`;
    this.#operations.push(changed(each, { ...changes, outputs: [image] }));
    this.#images.set(output, image);
    this.#onlyImages.add(output);
  }

  #image(name: string): string {
    const known = this.#images.get(name);
    if (known !== undefined) return known;
    const image = `${name}${SUFFIX}`;
    this.#operations.push(operation('Reshape', [name, TO_IMAGE], image));
    this.#images.set(name, image);
    return image;
  }

  /** Makes sure that a tensor exists without the additional dimension. */
  #flat(name: string): void {
    if (!this.#onlyImages.delete(name)) return;
    this.#operations.push(operation('Reshape', [`${name}${SUFFIX}`, FROM_IMAGE], name));
  }
}

/** Names that no exporter gives to a tensor. */
const SUFFIX = '::image';
const TO_IMAGE = 'shape::to-image';
const FROM_IMAGE = 'shape::from-image';

/** Attributes for windows of one row. */
function withRow(each: Operation): Attributes {
  const pads = listOf(each, 'pads');
  const attributes = new Map(each.attributes);
  for (const name of ['kernel_shape', 'strides', 'dilations']) {
    const list = listOf(each, name);
    if (list) attributes.set(name, [1, ...list]);
  }
  if (pads) attributes.set('pads', [0, pads[0] ?? 0, 0, pads[1] ?? 0]);
  return attributes;
}
