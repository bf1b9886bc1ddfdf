/** Outputs computed together: two SIMD registers of four. */
export const LANES = 8;
/** Number of partial sums for the rows of a group, which hides the latency of additions. */
export const SUMS = 4;

/** Coefficients of groups of `LANES` outputs, which read the same inputs. */
export interface Bank {
  /** Coefficients per lane; a multiple of `SUMS`. */
  readonly rows: number;
  /** First input of each group, relative to the start of the period. */
  readonly offsets: Int32Array;
  /** Number of inputs from one period to the next. */
  readonly advance: number;
  /** `[groups, rows, LANES]`. */
  readonly coefficients: Float32Array;
}

/** The groups to compute: `count` groups from `group` on, of the period that starts at `input[origin]`. */
interface Run {
  readonly origin: number;
  readonly group: number;
  readonly count: number;
}

/**
 * The inner loop: `output[8n + j] = Σ_k input[origin + offsets[g] + k] · coefficients[g, k, j]` for consecutive groups
 * g. If the bank has changed since the last call, it must be another object.
 */
export type Kernel = (bank: Bank, input: Float32Array, run: Run, output: Float32Array) => void;

/** The kernel in JavaScript, for runtimes without WebAssembly: the same float32 operations in the same order. */
export const scalarKernel: Kernel = (bank, input, { origin, group, count }, output) => {
  const { rows, offsets, advance } = bank;
  const sums = new Float32Array(SUMS * LANES);
  const sum = (index: number) => sums[index]!;
  let start = origin;
  let g = group;
  for (let n = 0; n < count; n++) {
    addRows(bank, g * rows * LANES, input, start + offsets[g]!, sums);
    for (let lane = 0; lane < LANES; lane++) {
      const low = Math.fround(sum(lane) + sum(lane + LANES));
      output[n * LANES + lane] = low + Math.fround(sum(lane + 2 * LANES) + sum(lane + 3 * LANES));
    }
    if (++g === offsets.length) {
      g = 0;
      start += advance;
    }
  }
};

/** Adds row r to partial sum r modulo `SUMS`, in each lane. */
function addRows(
  { rows, coefficients }: Bank,
  base: number,
  input: Float32Array,
  at: number,
  sums: Float32Array,
): void {
  sums.fill(0);
  for (let row = 0, k = base; row < rows; row++) {
    const x = input[at + row]!;
    const first = (row % SUMS) * LANES;
    for (let i = first; i < first + LANES; i++, k++) {
      sums[i]! += Math.fround(x * coefficients[k]!);
    }
  }
}
