/** Rows per block; small enough that the last, partly filled block wastes little memory. */
const BLOCK_ROWS = 512;

type Numbers = Float32Array | Int16Array | Int8Array | Uint8Array;

/** A growing matrix of numbers that is not copied when it grows. */
export class RowStore<T extends Numbers = Float32Array> {
  readonly columns: number;
  readonly #make: (length: number) => T;
  readonly #blocks: T[] = [];
  #rows = 0;

  /** @param make Creates a block, such as `(length) => new Float32Array(length)`. */
  constructor(columns: number, make: (length: number) => T) {
    this.columns = columns;
    this.#make = make;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row (copied) and returns its index. */
  push(row: ArrayLike<number>): number {
    const block = Math.floor(this.#rows / BLOCK_ROWS);
    if (block === this.#blocks.length) this.#blocks.push(this.#make(BLOCK_ROWS * this.columns));
    this.#blocks[block]!.set(row, (this.#rows % BLOCK_ROWS) * this.columns);
    return this.#rows++;
  }

  /** Returns a view of a row. The index is not checked: it must be below `rows`. */
  row(index: number): T {
    const at = (index % BLOCK_ROWS) * this.columns;
    return this.#blocks[Math.floor(index / BLOCK_ROWS)]!.subarray(at, at + this.columns) as T;
  }
}
