import { type Bank, type Kernel, LANES, SUMS as UNROLL } from './resample-kernel.ts';

const PAGE = 65_536;

type Code = readonly number[];

// Parameters and locals of the one function, in order.
const [COUNT, GROUP, ORIGIN, OUT, GROUPS, ADVANCE, GROUP_BYTES, OFFSETS, COEFFICIENTS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const [X, C, END] = [9, 10, 11];
const [ZERO, V] = [12, 13];
/** First of the `2 · UNROLL` sums. */
const SUM = 14;

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const int = (value: number): Code => [0x41, ...signed(value)];
const add: Code = [0x6a];
const subtract: Code = [0x6b];
const multiply: Code = [0x6c];
const less: Code = [0x49];
const equal: Code = [0x46];
const isZero: Code = [0x45];
const loadInt: Code = [0x28, 2, 0];
const block: Code = [0x02, 0x40];
const loop: Code = [0x03, 0x40];
const when: Code = [0x04, 0x40];
const end: Code = [0x0b];
const branch = (depth: number): Code => [0x0c, depth];
const branchIf = (depth: number): Code => [0x0d, depth];
const loadSplat = (offset: number): Code => [0xfd, 0x09, 2, ...unsigned(offset)];
const loadVector = (offset: number): Code => [0xfd, 0x00, 4, ...unsigned(offset)];
const storeVector = (offset: number): Code => [0xfd, 0x0b, 4, ...unsigned(offset)];
const addVectors: Code = [0xfd, ...unsigned(0xe4)];
const multiplyVectors: Code = [0xfd, ...unsigned(0xe6)];
const increase = (local: number, by: Code): Code => [...get(local), ...by, ...add, ...set(local)];

/** `sum[row] += splat(x[row]) · c[row]`, for both vectors of a row. */
function addRow(row: number): Code {
  const half = (index: number): Code => [
    ...get(SUM + 2 * row + index),
    ...get(V),
    ...get(C),
    ...loadVector(32 * row + 16 * index),
    ...multiplyVectors,
    ...addVectors,
    ...set(SUM + 2 * row + index),
  ];
  return [...get(X), ...loadSplat(4 * row), ...set(V), ...half(0), ...half(1)];
}

/** `out[index] = (sum0 + sum1) + (sum2 + sum3)`, for one of the two vectors. */
function storeSums(index: number): Code {
  const sum = (row: number) => get(SUM + 2 * row + index);
  return [
    ...get(OUT),
    ...[...sum(0), ...sum(1), ...addVectors],
    ...[...sum(2), ...sum(3), ...addVectors],
    ...addVectors,
    ...storeVector(16 * index),
  ];
}

const BODY: Code = [
  ...block,
  ...loop,
  ...[...get(COUNT), ...isZero, ...branchIf(1)],
  ...[...get(GROUP), ...get(GROUP_BYTES), ...multiply, ...get(COEFFICIENTS), ...add, ...set(C)],
  ...[...get(C), ...get(GROUP_BYTES), ...add, ...set(END)],
  ...[...get(GROUP), ...int(4), ...multiply, ...get(OFFSETS), ...add, ...loadInt, ...get(ORIGIN), ...add, ...set(X)],
  ...Array.from({ length: 2 * UNROLL }, (_, i) => [...get(ZERO), ...set(SUM + i)]).flat(),
  ...loop,
  ...Array.from({ length: UNROLL }, (_, row) => addRow(row)).flat(),
  ...increase(X, int(4 * UNROLL)),
  ...increase(C, int(4 * LANES * UNROLL)),
  ...[...get(C), ...get(END), ...less, ...branchIf(0)],
  ...end,
  ...storeSums(0),
  ...storeSums(1),
  ...increase(OUT, int(4 * LANES)),
  ...increase(GROUP, int(1)),
  ...[...get(GROUP), ...get(GROUPS), ...equal, ...when],
  ...[...int(0), ...set(GROUP), ...increase(ORIGIN, get(ADVANCE))],
  ...end,
  ...[...get(COUNT), ...int(1), ...subtract, ...set(COUNT), ...branch(0)],
  ...end,
  ...end,
  ...end,
];

const I32 = 0x7f;
const V128 = 0x7b;

/** The module: imports a memory as `a.m`, exports the function as `r` (WebAssembly core specification 2.0, §5.5). */
function assemble(): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
  const locals: Code = [2, 3, I32, 2 + 2 * UNROLL, V128];
  const code: Code = [...locals, ...BODY];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 9, ...Array<number>(9).fill(I32), 0]),
    ...section(2, [1, ...name('a'), ...name('m'), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('r'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

let made: Kernel | null | undefined;

/** The kernel in WebAssembly SIMD, one for all resamplers; null where the runtime has none or forbids compiling. */
export function simdKernel(): Kernel | null {
  if (made === undefined) {
    try {
      made = createSimdKernel();
    } catch {
      // No WebAssembly, no SIMD, or a policy against it: the scalar kernel gives the same samples.
      made = null;
    }
  }
  return made;
}

function createSimdKernel(): Kernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { a: { m: memory } });
  const compute = instance.exports.r as (...parameters: number[]) => void;
  let floats = new Float32Array(memory.buffer);
  let loaded: Bank | undefined;

  /** Puts the bank at the start of the memory; gives the index after it. */
  function load(bank: Bank, more: number): number {
    const { coefficients, offsets } = bank;
    const end = align(coefficients.length + offsets.length);
    const missing = 4 * (end + more) - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(Math.ceil(missing / PAGE));
      floats = new Float32Array(memory.buffer);
    }
    if (loaded !== bank) {
      floats.set(coefficients);
      new Int32Array(memory.buffer).set(
        offsets.map((offset) => 4 * offset),
        coefficients.length,
      );
      loaded = bank;
    }
    return end;
  }

  return (bank, input, { origin, group, count }, output) => {
    const length = count * LANES;
    const inputAt = load(bank, align(input.length) + length);
    const outputAt = inputAt + align(input.length);
    floats.set(input, inputAt);
    const { rows, offsets, advance, coefficients } = bank;
    const sizes = [offsets.length, 4 * advance, 4 * rows * LANES, 4 * coefficients.length];
    compute(count, group, 4 * (inputAt + origin), 4 * outputAt, ...sizes, 0);
    output.set(floats.subarray(outputAt, outputAt + length));
  };
}

/** The next multiple of a vector's length. */
function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** LEB128, as WebAssembly writes its numbers. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)];
}

function signed(value: number): Code {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];
}
