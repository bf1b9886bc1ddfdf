import type { Model, RunOptions, Tensor } from '../contract/backend.ts';
import { seededRandom } from '../contract/random.ts';
import { checkClose, floats } from './check.ts';
import { encodeOnnx, type OnnxValue } from './onnx.ts';

/** The models of the conformance suite, with their expected results. */

const FEATURES = 8;
const CLASSES = 4;

/** Numbers in [-1, 1), deterministic for a seed. */
function seededNumbers(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

const weights = seededNumbers(FEATURES * CLASSES, 1);
const bias = seededNumbers(CLASSES, 2);

/** `y[N,4] = x[N,8] · W + b`. */
export function affineModel(): Uint8Array {
  return encodeOnnx({
    inputs: [{ name: 'x', type: 'float32', dims: ['N', FEATURES] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', CLASSES] }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'W'], outputs: ['product'] },
      { op: 'Add', inputs: ['product', 'b'], outputs: ['y'] },
    ],
    weights: [
      { name: 'W', dims: [FEATURES, CLASSES], data: weights },
      { name: 'b', dims: [CLASSES], data: bias },
    ],
  });
}

/** Feeds with `rows` rows for `affineModel`. */
export function affineFeeds(rows: number, seed: number): { x: Extract<Tensor, { type: 'float32' }> } {
  return { x: { type: 'float32', dims: [rows, FEATURES], data: seededNumbers(rows * FEATURES, seed) } };
}

/** Expected result of `affineModel`, computed in double precision. */
export function affineResult(x: Float32Array): Float32Array {
  const rows = x.length / FEATURES;
  return Float32Array.from({ length: rows * CLASSES }, (_, i) => {
    const row = Math.floor(i / CLASSES);
    const column = i % CLASSES;
    let sum = bias[column] ?? 0;
    for (let k = 0; k < FEATURES; k += 1) sum += (x[row * FEATURES + k] ?? 0) * (weights[k * CLASSES + column] ?? 0);
    return sum;
  });
}

/** Runs `affineModel` and checks its result. */
export async function checkAffine(
  model: Model,
  rows: number,
  seed: number,
  what: string,
  options?: RunOptions,
): Promise<void> {
  const feeds = affineFeeds(rows, seed);
  const expected = affineResult(feeds.x.data);
  checkClose(floats(await model.run(feeds, options), 'y'), expected, what);
}

/** Two inputs with the same number of rows: `sum = a + b`, `difference = a - b`, all [N,3]. */
export function pairModel(): Uint8Array {
  const value = (name: string): OnnxValue => ({ name, type: 'float32', dims: ['N', 3] });
  return encodeOnnx({
    inputs: [value('a'), value('b')],
    outputs: [value('sum'), value('difference')],
    nodes: [
      { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
      { op: 'Sub', inputs: ['a', 'b'], outputs: ['difference'] },
    ],
  });
}

/** Returns its input `x[N]` as `y[N]`. */
export function identityModel(type: OnnxValue['type']): Uint8Array {
  return encodeOnnx({
    inputs: [{ name: 'x', type, dims: ['N'] }],
    outputs: [{ name: 'y', type, dims: ['N'] }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
}

const WIDTH = 256;
const DEPTH = 12;

/** A model with slow runs: twelve layers of `tanh(x · W)` on `x[N,256]`. */
export function slowModel(): Uint8Array {
  const names = ['x', ...Array.from({ length: DEPTH - 1 }, (_, i) => `layer${i}`), 'y'];
  return encodeOnnx({
    inputs: [{ name: 'x', type: 'float32', dims: ['N', WIDTH] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', WIDTH] }],
    nodes: Array.from({ length: DEPTH }, (_, i) => [
      { op: 'MatMul', inputs: [names[i] ?? '', 'W'], outputs: [`product${i}`] },
      { op: 'Tanh', inputs: [`product${i}`], outputs: [names[i + 1] ?? ''] },
    ]).flat(),
    weights: [{ name: 'W', dims: [WIDTH, WIDTH], data: seededNumbers(WIDTH * WIDTH, 3) }],
  });
}

/** Feeds for `slowModel`: 2,000 rows take about 100 ms natively, longer in WebAssembly. */
export function slowFeeds(rows = 2000): Record<string, Tensor> {
  return { x: { type: 'float32', dims: [rows, WIDTH], data: seededNumbers(rows * WIDTH, 4) } };
}
