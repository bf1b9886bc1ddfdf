import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { kernelBody } from './kernel.ts';
import { stockBodies, tune } from './tune.ts';

const read = (file: string) =>
  new Uint8Array(readFileSync(createRequire(import.meta.url).resolve(`onnxruntime-web/${file}`)));
const STOCK_FILE = 'ort-wasm-simd-threaded.wasm';

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];

type Kernel = (...args: number[]) => number;

interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly zero: Kernel;
  readonly add: Kernel;
}

/** A module of its own around the two functions, with 4 MiB of memory. */
async function instantiate(bodies: readonly Uint8Array[]): Promise<Kernels> {
  const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
  const i32 = 0x7f;
  const f32 = 0x7d;
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 9, ...new Array<number>(8).fill(i32), f32, 1, i32]),
    ...section(3, [2, 0, 0]),
    ...section(5, [1, 0, 64]),
    ...section(7, [3, ...name('memory'), 2, 0, ...name('zero'), 0, 0, ...name('add'), 0, 1]),
    ...section(10, [2, ...bodies.flatMap((body) => [...leb(body.length), ...body])]),
  ]);
  const { instance } = await WebAssembly.instantiate(bytes);
  return instance.exports as unknown as Kernels;
}

const FLOATS = 16_384;
const [AT_A, AT_B, AT_C] = [0, 1024, 6144];

it('computes bit-identical results to ONNX Runtime', async () => {
  const found = stockBodies(read(STOCK_FILE)).flat();
  const stock = await instantiate(found);
  const ours = await instantiate([kernelBody(false, found[0]?.length ?? 0), kernelBody(true, found[1]?.length ?? 0)]);
  const memories = [stock, ours].map(({ memory }) => new Float32Array(memory.buffer, 0, FLOATS));
  const shape = fc.record({
    mode: fc.constantFrom('zero', 'add'),
    rows: fc.integer({ min: 1, max: 5 }),
    depth: fc.integer({ min: 0, max: 48 }),
    columns: fc.integer({ min: 1, max: 80 }),
    spare: fc.integer({ min: 0, max: 4 }),
    alpha: fc.constantFrom(1, 0.5, -3),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(shape, ({ mode, rows, depth, columns, spare, alpha, seed }) => {
      let state = seed;
      for (let i = 0; i < FLOATS; i += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
        for (const memory of memories) memory[i] = state / 2 ** 29;
      }
      const args = [AT_A * 4, AT_B * 4, AT_C * 4, depth, rows, columns, depth + spare, columns + spare, alpha] as const;
      const run = (kernels: Kernels) => (mode === 'add' ? kernels.add(...args) : kernels.zero(...args));
      expect(run(ours)).toBe(run(stock));
      const [theirs, mine] = memories.map((memory) => Buffer.from(memory.buffer, 0, FLOATS * 4));
      expect(mine?.equals(theirs ?? Buffer.of())).toBe(true);
    }),
    { seed: 11, numRuns: 400 },
  );
});

it.each([STOCK_FILE, 'ort-wasm-simd-threaded.asyncify.wasm', 'ort-wasm-simd-threaded.jsep.wasm'])(
  'finds the kernel in %s, and the tuned module is valid',
  (file) => {
    const wasm = read(file);
    expect(tune(wasm)).toBe(true);
    expect(WebAssembly.validate(wasm)).toBe(true);
    expect(tune(wasm), 'the second time there is nothing to replace').toBe(false);
  },
);

it('does not change unknown code', () => {
  const wasm = read(STOCK_FILE);
  const body = stockBodies(wasm)[1]?.[0];
  body?.set([0x01], body.length - 2);
  const before = wasm.slice();
  expect(tune(wasm)).toBe(false);
  expect(Buffer.from(wasm.buffer).equals(Buffer.from(before.buffer))).toBe(true);
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3), before.subarray(0, 300_000)]) {
    expect(tune(bytes.slice())).toBe(false);
  }
});

it('reports when the code does not match', () => {
  expect(() => kernelBody(true, 100)).toThrow(RangeError);
});
