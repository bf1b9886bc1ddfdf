import loadWabt from 'wabt';
import { functionBodies } from './bodies.ts';

const wabt = await loadWabt();

/** Locals for a row of A: its addresses in A and C, the current element of A, its sums of 16 columns. */
interface Row {
  readonly a: string;
  readonly c: string;
  readonly x: string;
  readonly sums: readonly [string, string, string, string];
}

const FIRST: Row = { a: '$a0', c: '$C', x: '$x0', sums: ['$s00', '$s01', '$s02', '$s03'] };
const SECOND: Row = { a: '$a1', c: '$c1', x: '$x1', sums: ['$s10', '$s11', '$s12', '$s13'] };

const FLOAT = 4;
const VECTOR = 4 * FLOAT;
/**
 * Bytes of a row of a panel: ONNX Runtime packs the columns of B into panels of 16 and fills the last one with zeros.
 */
const PANEL = 4 * VECTOR;

const NOTHING = 0x01;
const END = 0x0b;

/**
 * Code for ONNX Runtime's inner matrix product in WebAssembly (`MlasSgemmKernel` in `SgemmKernelWasmSimd.cpp`), as the
 * body of a function: multiplies one or two rows of A by packed panels of B, and stores the result to C or adds it;
 * returns the number of processed rows. The operations on each element of C have the same order as in the original, so
 * the results are the same to the bit.
 *
 * The original unrolls the inner loop by two. V8 then needs 22 vectors, but x86-64 has 16 registers, so the sums go
 * through memory: 14 billion multiply-adds per second. Without unrolling it needs 15 vectors: 22 billion.
 * @param adds whether the result is added to C
 * @param size length of the body in bytes
 * @throws RangeError when the code is longer
 */
export function kernelBody(adds: boolean, size: number): Uint8Array {
  const module = wabt.parseWat('kernel.wat', kernelText(adds), { simd: true });
  const [code = new Uint8Array()] = functionBodies(module.toBinary({}).buffer);
  module.destroy();
  if (code.length > size) throw new RangeError(`the kernel takes ${code.length} bytes, there are ${size}`);
  const body = new Uint8Array(size).fill(NOTHING);
  body.set(code.subarray(0, -1));
  body[size - 1] = END;
  return body;
}

/** The kernel in WebAssembly's text format. A, B and C are addresses; strides are in floats. */
function kernelText(adds: boolean): string {
  return `(module
    (memory 0)
    (func (param $A i32) (param $B i32) (param $C i32) (param $depth i32) (param $rows i32) (param $columns i32)
      (param $strideA i32) (param $strideC i32) (param $alpha f32) (result i32)
      (local $factor v128) (local $weights v128) (local $count i32) (local $a0 i32) (local $a1 i32)
      (local $x0 v128) (local $x1 v128) (local $s00 v128) (local $s01 v128) (local $s02 v128) (local $s03 v128)
      (local $s10 v128) (local $s11 v128) (local $s12 v128) (local $s13 v128) (local $c1 i32)
      (local.set $factor (f32x4.splat (local.get $alpha)))
      (if (i32.ge_u (local.get $rows) (i32.const 2)) (then ${product([FIRST, SECOND], adds)}))
      ${product([FIRST], adds)}))`;
}

function product(rows: readonly Row[], adds: boolean): string {
  return `${each(rows.slice(1), (row) => nextRow('$C', '$strideC', row.c))}
    loop $panel
      ${clear(rows)}
      (if (i32.ge_u (local.get $columns) (i32.const 13)) (then ${inner(rows, 4)}) (else ${inner(rows, 3)}))
      ${each(rows, (row) => each(row.sums, (sum) => `(local.set ${sum} (f32x4.mul (local.get ${sum}) (local.get $factor)))`))}
      (if (i32.ge_u (local.get $columns) (i32.const 16)) (then
        ${each(rows, (row) => each(row.sums, (sum, i) => put(row.c, sum, i * VECTOR, adds)))}
        ${each(rows, (row) => advance(row.c, PANEL))}
        (br_if $panel (local.tee $columns (i32.sub (local.get $columns) (i32.const 16))))
        (return (i32.const ${rows.length}))))
    end
    ${narrow(rows, adds)}
    (return (i32.const ${rows.length}))`;
}

function clear(rows: readonly Row[]): string {
  const [first, ...others] = rows.flatMap((row) => row.sums);
  return `(local.set $a0 (local.get $A))
    ${each(rows.slice(1), (row) => nextRow('$A', '$strideA', row.a))}
    v128.const i32x4 0 0 0 0 ${each(others, (sum) => `local.tee ${sum}`)} local.set ${first}`;
}

/**
 * The loop over the depth: adds a row of B's panel, vector by vector, to the sums of all rows. `vectors` is 3 where the
 * last vector is all zeros.
 */
function inner(rows: readonly Row[], vectors: 3 | 4): string {
  return `(if (local.tee $count (local.get $depth)) (then
    loop $step
      ${each(rows, ({ a, x }) => `(local.set ${x} (v128.load32_splat (local.get ${a})))`)}
      ${each(
        FIRST.sums.slice(0, vectors),
        (_, i) => `(local.set $weights (v128.load offset=${i * VECTOR} align=4 (local.get $B)))
        ${each(rows, ({ x, sums }) => `(local.set ${sums[i]} (f32x4.add (local.get ${sums[i]}) (f32x4.mul (local.get ${x}) (local.get $weights))))`)}`,
      )}
      ${each(rows, ({ a }) => advance(a, FLOAT))}
      ${advance('$B', PANEL)}
      (br_if $step (local.tee $count (i32.sub (local.get $count) (i32.const 1))))
    end))`;
}

/** Stores the last columns, fewer than 16, in groups of 8, 4, 2 and 1 by the binary digits of their number. */
function narrow(rows: readonly Row[], adds: boolean): string {
  const digit = (columns: number, body: (row: Row) => string) =>
    `(if (i32.and (local.get $columns) (i32.const ${columns})) (then ${each(rows, body)}))`;
  const move = (from: string, to: string) => `(local.set ${to} (local.get ${from}))`;
  return [
    digit(
      8,
      ({ c, sums: [s0, s1, s2, s3] }) =>
        `${put(c, s0, 0, adds)} ${put(c, s1, VECTOR, adds)} ${move(s2, s0)} ${move(s3, s1)} ${advance(c, 2 * VECTOR)}`,
    ),
    digit(4, ({ c, sums: [s0, s1] }) => `${put(c, s0, 0, adds)} ${move(s1, s0)} ${advance(c, VECTOR)}`),
    digit(
      2,
      ({ c, sums: [s0] }) =>
        `${put(c, s0, 0, adds, 'v128.load64_zero', 'v128.store64_lane')}
        (local.set ${s0} (i8x16.shuffle ${UPPER_HALVES} (local.get ${s0}) (local.get ${s0}))) ${advance(c, 2 * FLOAT)}`,
    ),
    digit(1, ({ c, sums: [s0] }) => put(c, s0, 0, adds, 'v128.load32_zero', 'v128.store32_lane')),
  ].join('\n');
}

const UPPER_HALVES = '8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31';

/** Stores a sum to C or adds it; only as many floats as `store` writes. Floats are aligned to 4 bytes. */
function put(c: string, sum: string, offset: number, adds: boolean, load = 'v128.load', store = 'v128.store'): string {
  const value = adds
    ? `(f32x4.add (local.get ${sum}) (${load} offset=${offset} align=4 (local.get ${c})))`
    : `(local.get ${sum})`;
  return `(${store} offset=${offset} align=4 ${store === 'v128.store' ? '' : '0'} (local.get ${c}) ${value})`;
}

const advance = (local: string, bytes: number) =>
  `(local.set ${local} (i32.add (local.get ${local}) (i32.const ${bytes})))`;

/** Computes the address of the next row. */
const nextRow = (from: string, stride: string, to: string) =>
  `(local.set ${to} (i32.add (local.get ${from}) (i32.shl (local.get ${stride}) (i32.const 2))))`;

function each<T>(items: readonly T[], text: (item: T, i: number) => string): string {
  return items.map(text).join('\n');
}
