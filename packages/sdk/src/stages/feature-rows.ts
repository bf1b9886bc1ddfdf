/** Rows per block. */
const BLOCK = 256;

/** The latest feature rows of a recording, indexed from its start. */
export class FeatureRows {
  readonly #columns: number;
  readonly #blocks = new Map<number, Float32Array>();
  #rows = 0;
  #forgotten = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Number of rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds the next row, `[columns]` (copied). */
  push(row: Float32Array): void {
    const at = this.#rows % BLOCK;
    const index = (this.#rows - at) / BLOCK;
    let block = this.#blocks.get(index);
    if (!block) {
      block = new Float32Array(BLOCK * this.#columns);
      this.#blocks.set(index, block);
    }
    block.set(row, at * this.#columns);
    this.#rows++;
  }

  /** Frees the rows before this one (in whole blocks). */
  forget(row: number): void {
    const until = Math.floor(row / BLOCK);
    for (; this.#forgotten < until; this.#forgotten++) this.#blocks.delete(this.#forgotten);
  }

  /** Copies the rows of some spans, concatenated. They must still be kept. @param spans Row ranges `[from, to)`. */
  copy(spans: readonly (readonly [from: number, to: number])[]): Float32Array {
    const columns = this.#columns;
    const result = new Float32Array(spans.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0) * columns);
    let at = 0;
    for (const [from, to] of spans) {
      for (let row = from; row < to; row++, at += columns) {
        const start = (row % BLOCK) * columns;
        result.set((this.#blocks.get(Math.floor(row / BLOCK)) as Float32Array).subarray(start, start + columns), at);
      }
    }
    return result;
  }
}
