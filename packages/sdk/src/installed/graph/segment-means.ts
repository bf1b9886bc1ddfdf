import {
  changed,
  dimsOf,
  FLOAT,
  floatTensor,
  type Graph,
  int64Tensor,
  integerOf,
  isFloat,
  listOf,
  type Operation,
  operation,
  type StoredTensor,
} from './graph.ts';
import { Uses } from './uses.ts';

/**
 * CAM++'s context: the mean of all frames plus the mean of each segment of frames, repeated for each frame of the
 * segment, goes through two layers that treat each frame alone, and becomes a mask.
 */
interface Context {
  /** `[N, channels, T]`. */
  readonly input: string;
  /** Frames in a segment. */
  readonly length: number;
  readonly sum: Operation;
  /** The layers on the sum; the last one makes the mask. */
  readonly layers: readonly Operation[];
  /** Multiplies with the mask. */
  readonly product: Operation;
}

/**
 * Computes CAM++'s masks once for each segment instead of once for each frame: means and repetitions become products
 * with two small matrices, which all masks share. The result is the same, up to rounding.
 * @returns The graph and the names of the matrices; the graph itself if it has no such masks.
 */
export function maskSegments(graph: Graph): { readonly graph: Graph; readonly matrices: ReadonlySet<string> } {
  const matrices = new Set<string>();
  const uses = new Uses(graph);
  const contexts = graph.operations.flatMap((candidate) => contextAt(candidate, graph, uses) ?? []);
  // `Range` is in ONNX since version 11.
  if (contexts.length === 0 || graph.opset < 11) return { graph, matrices };
  const tensors = new Map(graph.tensors);
  const lengths = sameLengths(graph, contexts);
  const bySum = new Map(contexts.map((context) => [context.sum, context]));
  const byProduct = new Map(contexts.map((context) => [context.product, context]));
  const inside = new Set(contexts.flatMap(({ layers }) => layers));
  const operations = graph.operations.flatMap((each): readonly Operation[] => {
    const context = bySum.get(each);
    if (context) {
      const { input, length } = context;
      const names = namesOf(lengths.get(input) ?? input, length);
      const fresh = matrices.has(names.mean) ? [] : matricesOf(input, length, names, tensors);
      matrices.add(names.mean).add(names.repeat);
      return [...fresh, operation('MatMul', [input, names.mean], renamed(each.outputs[0]))];
    }
    if (inside.has(each)) {
      const [first = '', ...others] = each.inputs;
      return [changed(each, { inputs: [renamed(first), ...others], outputs: each.outputs.map(renamed) })];
    }
    const masked = byProduct.get(each);
    if (!masked) return [each];
    const mask = masked.layers.at(-1)?.outputs[0] ?? '';
    const { repeat } = namesOf(lengths.get(masked.input) ?? masked.input, masked.length);
    // After the operation, the mask has its own name and shape again.
    return [operation('MatMul', [renamed(mask), repeat], mask), each];
  });
  return { graph: { ...graph, operations, tensors }, matrices };
}

function renamed(name = ''): string {
  return `${name}::segments`;
}

function namesOf(origin: string, length: number): { readonly mean: string; readonly repeat: string } {
  return { mean: `${origin}::mean-${length}`, repeat: `${origin}::repeat-${length}` };
}

/** Operations that lead from a mean of segments to a value for each frame, from the last one. */
const REPETITION = ['Slice', 'Reshape', 'Expand', 'Unsqueeze'] as const;

function contextAt(sum: Operation, graph: Graph, uses: Uses): Context | undefined {
  if (sum.type !== 'Add') return undefined;
  const makers = sum.inputs.map((name) => uses.maker(name));
  const mean = makers.find((maker) => maker?.type === 'ReduceMean');
  let pooled = makers.find((maker) => maker?.type === REPETITION[0]);
  const input = mean?.inputs[0];
  if (!mean || input === undefined || !isLast(uses.constant(mean, 'axes', 1))) return undefined;
  if (integerOf(mean, 'keepdims') === 0) return undefined;
  for (const type of REPETITION) {
    if (pooled?.type !== type) return undefined;
    if (type === 'Unsqueeze' && !isLast(uses.constant(pooled, 'axes', 1), 3)) return undefined;
    if (type === 'Slice' && uses.constant(pooled, 'starts', 1)?.join() !== '0') return undefined;
    pooled = uses.maker(pooled.inputs[0]);
  }
  const [length = 0, ...more] = (pooled && listOf(pooled, 'kernel_shape')) ?? [];
  if (pooled?.type !== 'AveragePool' || more.length > 0 || length === 0) return undefined;
  if (listOf(pooled, 'strides')?.[0] !== length || integerOf(pooled, 'ceil_mode') !== 1) return undefined;
  if (unpadded(pooled.inputs[0], uses) !== input || listOf(pooled, 'pads')?.some((pad) => pad !== 0)) return undefined;
  const layers: Operation[] = [];
  let next = uses.onlyUser(sum);
  for (const type of ['Conv', 'Relu', 'Conv', 'Sigmoid'] as const) {
    if (next?.type !== type || (type === 'Conv' && !isPointwise(next, graph, uses))) return undefined;
    layers.push(next);
    next = uses.onlyUser(next);
  }
  return next?.type === 'Mul' ? { input, length, sum, layers, product: next } : undefined;
}

/** Only the last dimension, of three or of as many as `at` says. */
function isLast(axes: readonly number[] | undefined, at = 2): boolean {
  return axes?.length === 1 && (axes[0] === -1 || axes[0] === at);
}

/** The tensor before a `Pad` by nothing, which exporters put before average pooling. */
function unpadded(name: string | undefined, uses: Uses): string | undefined {
  const pad = uses.maker(name);
  if (pad?.type !== 'Pad') return name;
  return uses.constant(pad, 'pads', 1)?.every((size) => size === 0) ? pad.inputs[0] : undefined;
}

function isPointwise(convolution: Operation, { tensors }: Graph, uses: Uses): boolean {
  const stored = uses.stored(convolution.inputs[1] ?? '');
  const weights = stored === undefined ? undefined : tensors.get(stored);
  const dims = weights ? dimsOf(weights) : [];
  // The matrices are of this type.
  const cast = uses.maker(convolution.inputs[1]);
  const float = cast ? integerOf(cast, 'to') === FLOAT : weights && isFloat(weights);
  const plain =
    (listOf(convolution, 'strides') ?? [1])[0] === 1 && !listOf(convolution, 'pads')?.some((pad) => pad > 0);
  return dims.length === 3 && dims[2] === 1 && plain && float === true;
}

/** For tensors of the graph, one with certainly as many frames: the first of a chain that keeps them. */
function sameLengths({ operations, tensors }: Graph, contexts: readonly Context[]): Map<string, string> {
  const products = new Map(contexts.map(({ product, layers }) => [product, layers.at(-1)?.outputs[0]]));
  const origin = new Map<string, string>();
  for (const each of operations) {
    const [output = ''] = each.outputs;
    const mask = products.get(each);
    const input = mask === undefined ? each.inputs[0] : each.inputs.find((name) => name !== mask);
    const keeps = mask !== undefined || keepsLength(each, tensors);
    origin.set(output, (keeps && input !== undefined && (origin.get(input) ?? input)) || output);
  }
  return origin;
}

function keepsLength(each: Operation, tensors: Graph['tensors']): boolean {
  if (['Relu', 'BatchNormalization'].includes(each.type)) return true;
  if (each.type === 'Concat') return integerOf(each, 'axis') === 1;
  if (each.type !== 'Conv' || (listOf(each, 'strides') ?? [1])[0] !== 1) return false;
  const stored = tensors.get(each.inputs[1] ?? '');
  const width = listOf(each, 'kernel_shape')?.[0] ?? (stored ? dimsOf(stored)[2] : undefined);
  const [before = 0, after = 0] = listOf(each, 'pads') ?? [];
  return width !== undefined && before + after === ((listOf(each, 'dilations') ?? [1])[0] ?? 1) * (width - 1);
}

/**
 * Operations for the two matrices: `[T, segments]`, which takes the mean of all frames plus the mean of a segment's
 * frames, and `[segments, T]`, which repeats a segment's value for each of its frames.
 */
function matricesOf(
  input: string,
  length: number,
  names: ReturnType<typeof namesOf>,
  tensors: Map<string, StoredTensor>,
): Operation[] {
  const own = (part: string) => `${names.repeat}::${part}`;
  const stored = (part: string, make: (name: string) => StoredTensor) => {
    tensors.set(own(part), make(own(part)));
    return own(part);
  };
  const number = (part: string, value: number) => stored(part, (name) => int64Tensor(name, [value]));
  const [zero, one, two] = [number('0', 0), number('1', 1), number('2', 2)];
  const size = number('length', length);
  const column = stored('column', (name) => int64Tensor(name, [-1, 1], [2]));
  const row = stored('row', (name) => int64Tensor(name, [1, -1], [2]));
  const most = stored('most', (name) => floatTensor(name, length));
  const add = number('length-1', length - 1);
  const float = { to: FLOAT };
  return [
    operation('Shape', [input], own('shape')),
    operation('Gather', [own('shape'), two], own('T'), { axis: 0 }),
    operation('Range', [zero, own('T'), one], own('frames')),
    operation('Div', [own('frames'), size], own('segment-of')),
    operation('Reshape', [own('segment-of'), row], own('segment-row')),
    operation('Add', [own('T'), add], own('T+')),
    operation('Div', [own('T+'), size], own('count')),
    operation('Range', [zero, own('count'), one], own('segments')),
    operation('Reshape', [own('segments'), column], own('segment-column')),
    operation('Equal', [own('segment-column'), own('segment-row')], own('member')),
    operation('Cast', [own('member')], names.repeat, float),
    operation('Mul', [own('segment-column'), size], own('starts')),
    operation('Sub', [own('T'), own('starts')], own('remaining')),
    operation('Cast', [own('remaining')], own('remaining-float'), float),
    operation('Min', [own('remaining-float'), most], own('sizes')),
    operation('Div', [names.repeat, own('sizes')], own('segment-mean')),
    operation('Cast', [own('T')], own('T-float'), float),
    operation('Reciprocal', [own('T-float')], own('share')),
    operation('Add', [own('segment-mean'), own('share')], own('means')),
    operation('Transpose', [own('means')], names.mean, { perm: [1, 0] }),
  ];
}
