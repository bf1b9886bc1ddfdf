/** The WebAssembly instructions that the kernel needs, each as its bytes. Offsets are bytes. */
export type Code = readonly number[];

const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
/** Floats are only known to lie on multiples of 2 ** 2 bytes. */
const address = (offset: number): Code => [2, ...unsigned(offset)];
const simd = (opcode: number, ...operands: readonly number[]): Code => [0xfd, ...unsigned(opcode), ...operands];

export const I32 = 0x7f;
export const V128 = 0x7b;

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];

/** 0 to 8191. */
export const i32Const = (value: number): Code => [0x41, ...(value < 64 ? [value] : [(value & 127) | 128, value >>> 7])];
export const i32Add: Code = [0x6a];
export const i32Sub: Code = [0x6b];
export const i32And: Code = [0x71];
export const i32ShiftLeft: Code = [0x74];
export const i32AtLeast: Code = [0x4f];

export const zero: Code = simd(0x0c, ...new Array<number>(16).fill(0));
export const splat: Code = simd(0x13);
export const add: Code = simd(0xe4);
export const multiply: Code = simd(0xe6);
/** Of two vectors, the upper two floats of the first and of the second. */
export const upperHalves: Code = simd(0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);

export const loadSplat = (offset: number): Code => simd(0x09, ...address(offset));

/** How many floats of a vector are read or written. */
export type Floats = 4 | 2 | 1;

/** The floats that are not read become 0. */
export const load = (floats: Floats, offset: number): Code =>
  simd(floats === 4 ? 0x00 : floats === 2 ? 0x5d : 0x5c, ...address(offset));
/** The first of a vector. */
export const store = (floats: Floats, offset: number): Code =>
  floats === 4 ? simd(0x0b, ...address(offset)) : simd(floats === 2 ? 0x5b : 0x5a, ...address(offset), 0);

export const loop = (...body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0b];
/** What is done unless the stack has 0. */
export const when = (...body: readonly Code[]): Code => [0x04, 0x40, ...body.flat(), 0x0b];
/** The first unless the stack has 0, then the second. */
export const either = (yes: Code, no: Code): Code => [0x04, 0x40, ...yes, 0x05, ...no, 0x0b];
/** Unless the stack has 0: starts again the loop that is `depth` constructs further out than the innermost. */
export const again = (depth: number): Code => [0x0d, depth];
export const giveBack: Code = [0x0f];
export const NOTHING = 0x01;
export const END = 0x0b;
