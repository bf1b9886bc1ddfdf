import {
  add,
  again,
  type Code,
  END,
  either,
  type Floats,
  get,
  giveBack,
  I32,
  i32Add,
  i32And,
  i32AtLeast,
  i32Const,
  i32ShiftLeft,
  i32Sub,
  load,
  loadSplat,
  loop,
  multiply,
  NOTHING,
  set,
  splat,
  store,
  tee,
  upperHalves,
  V128,
  when,
  zero,
} from './assembler.ts';

/** Parameters of ONNX Runtime's kernel, in its order: three addresses, counts, row lengths in floats, a factor. */
const [A, B, C, DEPTH, ROWS, COLUMNS, STRIDE_A, STRIDE_C, ALPHA] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const FACTOR = 9;
/** Four columns' weights, which all rows use. */
const WEIGHTS = 10;
const COUNT = 11;

/** Locals of a row: addresses in A and C, its element of A, its sums of 16 columns. */
interface Row {
  readonly a: number;
  readonly c: number;
  readonly x: number;
  readonly sums: readonly [number, number, number, number];
}

const FIRST: Row = { a: 12, c: C, x: 14, sums: [16, 17, 18, 19] };
const SECOND: Row = { a: 13, c: 24, x: 15, sums: [20, 21, 22, 23] };
/** Groups of (how many, type): FACTOR and WEIGHTS; COUNT and addresses; elements and sums; the second address in C. */
const LOCALS: Code = [4, 2, V128, 3, I32, 10, V128, 1, I32];

const FLOAT = 4;
const VECTOR = 4 * FLOAT;
/** Of B's columns; ONNX Runtime has packed them in panels of as many, the last filled up with zeros. */
const PANEL = 4 * VECTOR;

/**
 * Code of ONNX Runtime's inner matrix product for WebAssembly (`MlasSgemmKernel` in `SgemmKernelWasmSimd.cpp`), as the
 * body of a function: one or two rows of A times packed panels of B, stored to C or added to it; returns how many rows
 * were done. The order of all operations on an element of C is that of the original, and so is every bit of it.
 *
 * The original takes two steps of the inner loop at a time. V8 then has 22 vectors alive, where x86-64 has 16
 * registers, and the sums go through memory: 14 billion multiply-adds a second. One step at a time needs 15: 22 billion.
 * @param adds whether C is added to
 * @param size bytes that the body is to have
 * @throws RangeError when it takes more
 */
export function kernelBody(adds: boolean, size: number): Uint8Array {
  const code = [
    ...LOCALS,
    ...[get(ALPHA), splat, set(FACTOR)].flat(),
    ...[get(ROWS), i32Const(2), i32AtLeast, when(product([FIRST, SECOND], adds))].flat(),
    ...product([FIRST], adds),
  ];
  if (code.length >= size) throw new RangeError(`the kernel takes ${code.length + 1} bytes, there are ${size}`);
  const body = new Uint8Array(size).fill(NOTHING);
  body.set(code);
  body[size - 1] = END;
  return body;
}

function product(rows: readonly Row[], adds: boolean): Code {
  const wide = [
    ...rows.flatMap((row) => row.sums.map((sum, i) => put(row, sum, 4, i * VECTOR, adds))),
    ...rows.map((row) => advance(row.c, PANEL)),
    [...get(COLUMNS), ...i32Const(16), ...i32Sub, ...tee(COLUMNS), ...again(1)],
    result(rows),
  ];
  return [
    ...rows.slice(1).flatMap((row) => nextRow(C, STRIDE_C, row.c)),
    ...loop(
      clear(rows),
      [...get(COLUMNS), ...i32Const(13), ...i32AtLeast, ...either(inner(rows, 16), inner(rows, 12))],
      ...rows.flatMap((row) => row.sums.map((sum) => [get(sum), get(FACTOR), multiply, set(sum)].flat())),
      [...get(COLUMNS), ...i32Const(16), ...i32AtLeast, ...when(...wide)],
    ),
    ...narrow(rows, adds),
    ...result(rows),
  ];
}

function clear(rows: readonly Row[]): Code {
  const starts = [...get(A), ...set(FIRST.a), ...rows.slice(1).flatMap((row) => nextRow(A, STRIDE_A, row.a))];
  const sums = rows.flatMap((row) => row.sums);
  return [...starts, ...zero, ...sums.slice(1).flatMap(tee), ...set(FIRST.sums[0])];
}

/** Over the depth: B's panel, a vector at a time, into the sums of all rows. Its zeros at the end are left out by fours. */
function inner(rows: readonly Row[], columns: 16 | 12): Code {
  const vectors = FIRST.sums.slice(0, columns / 4).flatMap((_, i) => [
    [...get(B), ...load(4, i * VECTOR), ...set(WEIGHTS)],
    ...rows.map(({ x, sums }) => {
      const sum = sums[i] ?? 0;
      return [get(sum), get(x), get(WEIGHTS), multiply, add, set(sum)].flat();
    }),
  ]);
  const steps = loop(
    ...rows.map(({ a, x }) => [...get(a), ...loadSplat(0), ...set(x)]),
    ...vectors,
    ...rows.map(({ a }) => advance(a, FLOAT)),
    advance(B, PANEL),
    [...get(COUNT), ...i32Const(1), ...i32Sub, ...tee(COUNT), ...again(0)],
  );
  return [...get(DEPTH), ...tee(COUNT), ...when(steps)];
}

/** The last columns, fewer than 16: 8, 4, 2 and 1 as their number's binary digits say. */
function narrow(rows: readonly Row[], adds: boolean): Code {
  const digit = (columns: number, body: (row: Row) => Code[]) => [
    ...get(COLUMNS),
    ...i32Const(columns),
    ...i32And,
    ...when(...rows.flatMap(body)),
  ];
  const move = (from: number, to: number) => [...get(from), ...set(to)];
  return [
    ...digit(8, (row) => [
      put(row, row.sums[0], 4, 0, adds),
      put(row, row.sums[1], 4, VECTOR, adds),
      [...move(row.sums[2], row.sums[0]), ...move(row.sums[3], row.sums[1]), ...advance(row.c, 2 * VECTOR)],
    ]),
    ...digit(4, (row) => [
      put(row, row.sums[0], 4, 0, adds),
      [...move(row.sums[1], row.sums[0]), ...advance(row.c, VECTOR)],
    ]),
    ...digit(2, (row) => [
      put(row, row.sums[0], 2, 0, adds),
      [get(row.sums[0]), get(row.sums[0]), upperHalves, set(row.sums[0]), advance(row.c, 2 * FLOAT)].flat(),
    ]),
    ...digit(1, (row) => [put(row, row.sums[0], 1, 0, adds)]),
  ];
}

function put(row: Row, sum: number, floats: Floats, offset: number, adds: boolean): Code {
  const value = adds ? [...get(sum), ...get(row.c), ...load(floats, offset), ...add] : get(sum);
  return [...get(row.c), ...value, ...store(floats, offset)];
}

const advance = (local: number, bytes: number): Code => [...get(local), ...i32Const(bytes), ...i32Add, ...set(local)];

/** The address one row further. */
const nextRow = (from: number, stride: number, to: number): Code =>
  [get(from), get(stride), i32Const(2), i32ShiftLeft, i32Add, set(to)].flat();

const result = (rows: readonly Row[]): Code => [...i32Const(rows.length), ...giveBack];
