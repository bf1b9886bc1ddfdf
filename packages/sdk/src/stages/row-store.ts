/** Rows kept in one block; a block is small enough that the last, part-filled one wastes little. */
const BLOCK_ROWS = 512;

type Numbers = Float32Array | Int16Array | Int8Array | Uint8Array;

/** A growing matrix of rows of numbers: no copy when it grows, no array of objects. */
export class RowStore<T extends Numbers = Float32Array> {
  readonly columns: number;
  readonly #make: (length: number) => T;
  readonly #blocks: T[] = [];
  #rows = 0;

  /** @param make Makes a block: `(length) => new Float32Array(length)`, say. */
  constructor(columns: number, make: (length: number) => T) {
    this.columns = columns;
    this.#make = make;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Copies a row in; gives its index. */
  push(row: ArrayLike<number>): number {
    const block = Math.floor(this.#rows / BLOCK_ROWS);
    if (block === this.#blocks.length) this.#blocks.push(this.#make(BLOCK_ROWS * this.columns));
    this.#blocks[block]!.set(row, (this.#rows % BLOCK_ROWS) * this.columns);
    return this.#rows++;
  }

  /** A view of a row; the caller keeps to `index < rows`. */
  row(index: number): T {
    const at = (index % BLOCK_ROWS) * this.columns;
    return this.#blocks[Math.floor(index / BLOCK_ROWS)]!.subarray(at, at + this.columns) as T;
  }
}
