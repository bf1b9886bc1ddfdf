import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../contract/random.ts';
import { fieldsOf, Writer } from '../../inference/protobuf.ts';
import { readWeights } from '../../inference/weights.ts';
import { type Operation, operation, readGraph, type StoredTensor, writeGraph } from './graph.ts';
import { rewriteGraph } from './rewrite.ts';

const FLOAT = 1;
const random = seededRandom(5);
const noise = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1);

function stored(dims: readonly number[], numbers: Float32Array | BigInt64Array): StoredTensor {
  const fields = new Writer();
  for (const size of dims) fields.integer(1, size);
  fields.integer(2, numbers instanceof Float32Array ? FLOAT : 7);
  return [fields.bytes(9, new Uint8Array(numbers.buffer)).written];
}

const floats = (...dims: number[]) => stored(dims, noise(dims.reduce((product, size) => product * size, 1)));
const positive = (size: number) =>
  stored(
    [size],
    noise(size).map((x) => 1 + x / 2),
  );
const integers = (...numbers: number[]) => stored([numbers.length], BigInt64Array.from(numbers, BigInt));

/** A network from `x` `[N, 3, T]` to `y`. */
function network(operations: readonly Operation[], weights: Readonly<Record<string, StoredTensor>>): Uint8Array {
  const graph = new Writer().text(2, 'test').bytes(11, value('x', 3)).bytes(12, value('y', 3)).written;
  const opset = new Writer().integer(2, 17).written;
  const empty = readGraph(new Writer().integer(1, 8).bytes(8, opset).bytes(7, graph).written);
  if (!empty) throw new Error('no graph');
  const named = Object.entries(weights).map(([name, parts]): [string, StoredTensor] => [
    name,
    [...parts, new Writer().text(8, name).written],
  ]);
  return writeGraph({ ...empty, operations, tensors: new Map(named) });
}

/** ValueInfoProto of a float32 tensor with dimensions of unknown size. */
function value(name: string, rank: number): Uint8Array {
  const shape = new Writer();
  for (let i = 0; i < rank; i++) shape.bytes(1, new Writer().text(2, `${name}${i}`).written);
  const tensor = new Writer().integer(1, FLOAT).bytes(2, shape.written).written;
  return new Writer().text(1, name).bytes(2, new Writer().bytes(1, tensor).written).written;
}

async function run(bytes: Uint8Array, dims: readonly number[], data: Float32Array) {
  const session = await InferenceSession.create(bytes);
  const { y } = await session.run({ x: new Tensor('float32', data, dims) });
  await session.release();
  return { dims: y?.dims, data: Array.from(y?.data as Float32Array) };
}

async function expectSame(bytes: Uint8Array, dims: readonly number[]): Promise<void> {
  const rewritten = rewriteGraph(bytes);
  expect(rewritten).not.toBe(bytes);
  const data = noise(dims.reduce((product, size) => product * size, 1));
  const [before, after] = [await run(bytes, dims, data), await run(rewritten, dims, data)];
  expect(after.dims).toEqual(before.dims);
  const furthest = Math.max(...after.data.map((number, i) => Math.abs(number - (before.data[i] ?? Number.NaN))));
  // How the sums are rounded depends on the vector instructions of the CPU, and grows with the numbers.
  expect(furthest / Math.max(...before.data.map(Math.abs))).toBeLessThan(1e-5);
}

const typesOf = (bytes: Uint8Array) => readGraph(bytes)?.operations.map(({ type }) => type) ?? [];

/** Convolutions with what stands between them in CAM++ and in segmentation-3.0. */
const CONVOLUTIONS = network(
  [
    operation('InstanceNormalization', ['x', 's3', 'b3'], 'norm'),
    operation('Conv', ['norm', 'w', 'b'], 'c', { kernel_shape: [5], strides: [2], pads: [2, 1] }),
    operation('Abs', ['c'], 'abs'),
    operation('MaxPool', ['abs'], 'pooled', { kernel_shape: [3], strides: [3] }),
    operation('InstanceNormalization', ['pooled', 's8', 'b8'], 'again'),
    operation('BatchNormalization', ['again', 's8', 'b8', 'b8', 's8'], 'batch'),
    operation('Relu', ['batch'], 'relu'),
    operation('Conv', ['relu', 'w2'], 'c2', { dilations: [2], pads: [2, 2] }),
    operation('Concat', ['c2', 'relu'], 'both', { axis: 1 }),
    operation('Transpose', ['both'], 'transposed', { perm: [0, 2, 1] }),
    operation('ReduceMean', ['both'], 'mean', { axes: [2], keepdims: 1 }),
    operation('Conv', ['mean', 'w3'], 'c3'),
    operation('Sigmoid', ['c3'], 'mask'),
    operation('Mul', ['both', 'mask'], 'masked'),
    operation('Transpose', ['masked'], 'second', { perm: [0, 2, 1] }),
    operation('Add', ['transposed', 'second'], 'y'),
  ],
  {
    w: floats(8, 3, 5),
    b: floats(8),
    w2: floats(8, 8, 3),
    w3: floats(16, 16, 1),
    s3: positive(3),
    b3: floats(3),
    s8: positive(8),
    b8: floats(8),
  },
);

/** CAM++'s layer as PyTorch exports it, with segments of ten frames; `layers` of them, one after the other. */
function masks(layers: number, pad = false): Uint8Array {
  const weights: Record<string, StoredTensor> = { first: floats(8, 3, 5), last: integers(-1), two: integers(2) };
  const operations = [
    operation('Conv', ['x', 'first'], 'h0', { strides: [2], pads: [2, 2] }),
    ...Array.from({ length: layers }, (_, layer) => {
      const own = (name: string) => `${name}${layer}`;
      Object.assign(weights, {
        [own('local')]: floats(4, 8 + 4 * layer, 3),
        [own('down')]: floats(6, 8 + 4 * layer, 1),
        [own('bias')]: floats(6),
        [own('up')]: floats(4, 6, 1),
        ten: integers(1, 1, 1, 10),
        merge: integers(0, 0, -1),
        zero: integers(0),
        ...(pad && { nothing: integers(0, 0, 0, 0, 0, 0) }),
      });
      return [
        operation('Relu', [own('h')], own('relu')),
        operation('Conv', [own('relu'), own('local')], own('l'), { dilations: [2], pads: [2, 2] }),
        operation('ReduceMean', [own('relu')], own('all'), { axes: [2], keepdims: 1 }),
        ...(pad ? [operation('Pad', [own('relu'), 'nothing'], own('padded'))] : []),
        operation('AveragePool', [own(pad ? 'padded' : 'relu')], own('seg'), {
          kernel_shape: [10],
          strides: [10],
          ceil_mode: 1,
          count_include_pad: 1,
          pads: [0, 0],
        }),
        operation('Unsqueeze', [own('seg'), 'last'], own('seg4')),
        operation('Expand', [own('seg4'), 'ten'], own('expanded')),
        operation('Reshape', [own('expanded'), 'merge'], own('repeated')),
        operation('Shape', [own('relu')], own('shape')),
        operation('Gather', [own('shape'), 'two'], own('length'), { axis: 0 }),
        operation('Slice', [own('repeated'), 'zero', own('length'), 'two'], own('cut')),
        operation('Add', [own('all'), own('cut')], own('context')),
        operation('Conv', [own('context'), own('down'), own('bias')], own('d')),
        operation('Relu', [own('d')], own('dr')),
        operation('Conv', [own('dr'), own('up')], own('u')),
        operation('Sigmoid', [own('u')], own('mask')),
        operation('Mul', [own('l'), own('mask')], own('masked')),
        operation('Concat', [own('h'), own('masked')], layer + 1 === layers ? 'y' : `h${layer + 1}`, { axis: 1 }),
      ];
    }).flat(),
  ];
  return network(operations, weights);
}

describe('rewriteGraph', () => {
  it.each([
    [1, 3, 64],
    [2, 3, 131],
  ])('computes the same with convolutions of images: %j', async (...dims) => {
    await expectSame(CONVOLUTIONS, dims);
  });

  it.each([7, 19, 20, 21, 22, 75, 400])('computes the same with a mask per segment, %i samples', async (length) => {
    await expectSame(masks(3), [2, 3, length]);
  });

  it('replaces means and repetitions of segments by products with two matrices, made once', () => {
    const types = typesOf(rewriteGraph(masks(3)));
    expect(types.filter((type) => ['AveragePool', 'Expand', 'Slice'].includes(type))).toEqual([]);
    expect(types.filter((type) => type === 'MatMul')).toHaveLength(6);
    expect(types.filter((type) => type === 'Range')).toHaveLength(2);
  });

  it('sees through a padding by nothing', async () => {
    const padded = masks(1, true);
    expect(typesOf(rewriteGraph(padded))).not.toContain('AveragePool');
    await expectSame(padded, [1, 3, 75]);
  });

  it('keeps masks that are not as expected, and what else uses their parts', async () => {
    const graph = readGraph(masks(1));
    if (!graph) throw new Error('no graph');
    const also = operation('Relu', ['u0'], 'more');
    const sum = operation('Add', ['before', 'more'], 'y');
    const operations = graph.operations.map((each) =>
      each.outputs[0] === 'y' ? { ...each, outputs: ['unused'], whole: undefined } : each,
    );
    const before = operation('Relu', ['masked0'], 'before');
    const bytes = writeGraph({ ...graph, operations: [...operations, also, before, sum] });
    expect(typesOf(rewriteGraph(bytes))).toContain('AveragePool');
    await expectSame(bytes, [1, 3, 75]);
  });

  it('keeps masks of other numbers than 32-bit ones, and stored tensors that are inputs', () => {
    const graph = readGraph(masks(1));
    if (!graph) throw new Error('no graph');
    const half = [new Writer().integer(1, 6).integer(1, 12).integer(1, 1).integer(2, 10).text(8, 'down0').written];
    const tensors = new Map([...graph.tensors, ['down0', half]]);
    expect(typesOf(rewriteGraph(writeGraph({ ...graph, tensors })))).toContain('AveragePool');
    const inputs = fieldsOf(new Writer().bytes(11, value('ten', 1)).written);
    const bytes = rewriteGraph(writeGraph({ ...graph, graph: [...graph.graph, ...inputs] }));
    expect(typesOf(bytes)).not.toContain('AveragePool');
    expect(readGraph(bytes)?.tensors.has('ten')).toBe(true);
  });

  it('returns other bytes as they are', async () => {
    const path = createRequire(import.meta.url).resolve('@voiceflow-ml/fast-cnn/package.json');
    const embedded = new Uint8Array(await readFile(path.replace('package.json', 'fast-cnn.onnx')));
    const others = [embedded, new Uint8Array(0), noise(50), CONVOLUTIONS.subarray(0, 900)];
    for (const bytes of others.map((numbers) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)))
      expect(rewriteGraph(bytes)).toBe(bytes);
  });

  it('leaves convolutions whose padding the operation chooses itself', () => {
    const w = floats(4, 3, 3);
    const same = operation('Conv', ['x', 'w'], 'y');
    const text = new Writer().text(1, 'auto_pad').text(4, 'SAME_UPPER').integer(20, 3).written;
    const bytes = network([{ ...same, attributes: new Map([['auto_pad', text]]) }], { w });
    expect(rewriteGraph(bytes)).toBe(bytes);
    expect(rewriteGraph(network([same], { w }))).not.toBe(bytes);
  });
});

it('weights are checked before they are rewritten', async () => {
  const pack = (bytes: Uint8Array, sha256: string) => ({
    manifest: { ...fastCnn.manifest, files: { a: { bytes: bytes.length, sha256 } } },
    file: 'a',
    read: async () => bytes,
    rewrite: () => Uint8Array.of(7),
  });
  const bytes = Uint8Array.of(1, 2, 3);
  const { bytes: read } = await readWeights(pack(bytes, createHash('sha256').update(bytes).digest('hex')));
  expect(read).toEqual(Uint8Array.of(7));
  await expect(readWeights(pack(bytes, 'other'))).rejects.toMatchObject({ code: 'model-corrupt' });
});
