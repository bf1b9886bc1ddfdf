/** Rows kept in one block; a block is small enough that the last, part-filled one wastes little. */
const BLOCK_ROWS = 512;

/** A growing matrix of float32 rows: no copy when it grows, no array of objects. */
export class RowStore {
  readonly columns: number;
  readonly #blocks: Float32Array[] = [];
  #rows = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Copies a row in; gives its index. */
  push(row: Float32Array): number {
    const block = Math.floor(this.#rows / BLOCK_ROWS);
    if (block === this.#blocks.length) this.#blocks.push(new Float32Array(BLOCK_ROWS * this.columns));
    (this.#blocks[block] as Float32Array).set(row, (this.#rows % BLOCK_ROWS) * this.columns);
    return this.#rows++;
  }

  /** A view of a row; the caller keeps to `index < rows`. */
  row(index: number): Float32Array {
    const at = (index % BLOCK_ROWS) * this.columns;
    return (this.#blocks[Math.floor(index / BLOCK_ROWS)] as Float32Array).subarray(at, at + this.columns);
  }
}
