/** Outputs that are computed together: two SIMD registers of four. */
export const LANES = 8;
/** The rows of a group are summed in this many partial sums, which hides the latency of additions. */
const SUMS = 4;

/** The sizes of one resampler's arithmetic. */
export interface KernelShape {
  /** Coefficients a lane; a multiple of 4. */
  readonly rows: number;
  /** Input offset of each group of a period. */
  readonly offsets: Int32Array;
  /** Input samples that a whole period of groups advances. */
  readonly advance: number;
  readonly inputLength: number;
  /** A multiple of `LANES`. */
  readonly outputLength: number;
}

/** The inner loop: `output[at + 8n + j] = Σ_k input[origin + offsets[g] + k] · coefficients[g, k, j]` for groups g in turn. */
export interface Kernel {
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** `[groups, rows, LANES]`. */
  readonly coefficients: Float32Array;
  /** Computes `count` groups to `output[at]` on, the first being `group` of the period that starts at `input[origin]`. */
  run(count: number, group: number, origin: number, at: number): void;
}

/** The kernel in plain JavaScript, for runtimes that compile no WebAssembly: the same float32 operations in the same order. */
export function createScalarKernel({ rows, offsets, advance, inputLength, outputLength }: KernelShape): Kernel {
  const groups = offsets.length;
  const input = new Float32Array(inputLength);
  const output = new Float32Array(outputLength);
  const coefficients = new Float32Array(groups * rows * LANES);
  const partial = new Float32Array(SUMS * LANES);
  return {
    input,
    output,
    coefficients,
    run(count, group, origin, at) {
      let g = group;
      let start = origin;
      for (let n = 0; n < count; n++) {
        for (let sum = 0; sum < SUMS; sum++) {
          sumRows(input, start + (offsets[g] as number), coefficients, g * rows * LANES, rows, sum, partial);
        }
        for (let lane = 0; lane < LANES; lane++) {
          const low = Math.fround((partial[lane] as number) + (partial[lane + LANES] as number));
          const high = Math.fround((partial[lane + 2 * LANES] as number) + (partial[lane + 3 * LANES] as number));
          output[at + n * LANES + lane] = low + high;
        }
        if (++g === groups) {
          g = 0;
          start += advance;
        }
      }
    },
  };
}

/** One partial sum of all lanes: rows `first`, `first + 4`, … */
function sumRows(
  input: Float32Array,
  at: number,
  coefficients: Float32Array,
  base: number,
  rows: number,
  first: number,
  partial: Float32Array,
): void {
  const f = Math.fround;
  let a = f(0);
  let b = f(0);
  let c = f(0);
  let d = f(0);
  let e = f(0);
  let g = f(0);
  let h = f(0);
  let i = f(0);
  for (let row = first; row < rows; row += SUMS) {
    const x = input[at + row] as number;
    const k = base + row * LANES;
    a = f(a + f(x * (coefficients[k] as number)));
    b = f(b + f(x * (coefficients[k + 1] as number)));
    c = f(c + f(x * (coefficients[k + 2] as number)));
    d = f(d + f(x * (coefficients[k + 3] as number)));
    e = f(e + f(x * (coefficients[k + 4] as number)));
    g = f(g + f(x * (coefficients[k + 5] as number)));
    h = f(h + f(x * (coefficients[k + 6] as number)));
    i = f(i + f(x * (coefficients[k + 7] as number)));
  }
  const o = first * LANES;
  partial[o] = a;
  partial[o + 1] = b;
  partial[o + 2] = c;
  partial[o + 3] = d;
  partial[o + 4] = e;
  partial[o + 5] = g;
  partial[o + 6] = h;
  partial[o + 7] = i;
}
