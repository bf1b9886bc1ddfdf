/** Outputs that are computed together: two SIMD registers of four. */
export const LANES = 8;
/** The rows of a group are added up in this many partial sums, which hides the latency of additions. */
export const SUMS = 4;

/** Coefficients of groups of `LANES` outputs, which read the same inputs. */
export interface Bank {
  /** Coefficients a lane; a multiple of `SUMS`. */
  readonly rows: number;
  /** Where each group's inputs start, counted from the start of the period. */
  readonly offsets: Int32Array;
  /** Inputs from one period of groups to the next. */
  readonly advance: number;
  /** `[groups, rows, LANES]`. */
  readonly coefficients: Float32Array;
}

/** Which groups to compute: `count` of them, the first being `group` of the period that starts at `input[origin]`. */
export interface Run {
  readonly origin: number;
  readonly group: number;
  readonly count: number;
}

/**
 * The inner loop: `output[8n + j] = Σ_k input[origin + offsets[g] + k] · coefficients[g, k, j]` for groups g in turn.
 * The bank may have changed since the last call only if it is another object.
 */
export type Kernel = (bank: Bank, input: Float32Array, run: Run, output: Float32Array) => void;

const partial = new Float32Array(SUMS * LANES);

/** The kernel in plain JavaScript, for runtimes that compile no WebAssembly: the same float32 operations in the same order. */
export const scalarKernel: Kernel = (bank, input, { origin, group, count }, output) => {
  const groups = bank.offsets.length;
  let g = group;
  let start = origin;
  for (let n = 0; n < count; n++) {
    for (let sum = 0; sum < SUMS; sum++) sumRows(bank, g, input, start + (bank.offsets[g] as number), sum);
    for (let lane = 0; lane < LANES; lane++) {
      const low = Math.fround((partial[lane] as number) + (partial[lane + LANES] as number));
      const high = Math.fround((partial[lane + 2 * LANES] as number) + (partial[lane + 3 * LANES] as number));
      output[n * LANES + lane] = low + high;
    }
    if (++g === groups) {
      g = 0;
      start += bank.advance;
    }
  }
};

/** One partial sum of all lanes: rows `first`, `first + 4`, … */
function sumRows({ rows, coefficients }: Bank, group: number, input: Float32Array, at: number, first: number): void {
  const f = Math.fround;
  const base = group * rows * LANES;
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
  partial.set([a, b, c, d, e, g, h, i], first * LANES);
}
