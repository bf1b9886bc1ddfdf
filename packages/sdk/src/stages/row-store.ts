/** Rows per block; small enough that the last, partly filled block wastes little memory. */
const BLOCK_ROWS = 512;
/** Quantization levels of a stored probability. */
const LEVELS = 255;

type Numbers = Float32Array | Int16Array | Int8Array | Uint8Array;

/** A growing matrix of numbers that is not copied when it grows. */
export class RowStore<T extends Numbers = Float32Array> {
  readonly columns: number;
  readonly #Block: new (
    length: number,
  ) => T;
  readonly #blocks: (T | undefined)[] = [];
  #rows = 0;

  /** @param Block Type of the blocks, such as `Float32Array`. */
  constructor(columns: number, Block: new (length: number) => T) {
    this.columns = columns;
    this.#Block = Block;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row (copied) and returns its index. */
  push(row: ArrayLike<number>): number {
    const at = Math.floor(this.#rows / BLOCK_ROWS);
    const block = this.#blocks[at] ?? new this.#Block(BLOCK_ROWS * this.columns);
    this.#blocks[at] = block;
    block.set(row, (this.#rows % BLOCK_ROWS) * this.columns);
    return this.#rows++;
  }

  /** Returns a view of a row. The index is not checked: it must be below `rows`, and not forgotten. */
  row(index: number): T {
    const at = (index % BLOCK_ROWS) * this.columns;
    return this.#blocks[Math.floor(index / BLOCK_ROWS)]!.subarray(at, at + this.columns) as T;
  }

  /** Frees the rows before this one (in whole blocks). */
  forget(row: number): void {
    this.#blocks.fill(undefined, 0, Math.floor(row / BLOCK_ROWS));
  }
}

/** A growing matrix of probabilities, stored in one byte each. */
export class ProbabilityStore {
  readonly #bytes: RowStore<Uint8Array>;

  constructor(columns: number) {
    this.#bytes = new RowStore(columns, Uint8Array);
  }

  get rows(): number {
    return this.#bytes.rows;
  }

  push(row: Float32Array): void {
    this.#bytes.push(row.map((p) => Math.round(p * LEVELS)));
  }

  /** Returns a copy of a row. */
  row(index: number): Float32Array {
    return scaled(this.#bytes.row(index), 1 / LEVELS);
  }
}

/** Numbers multiplied by a factor. A loop: `Float32Array.from` with a function is twenty times slower. */
export function scaled(numbers: Uint8Array | Int8Array, factor: number): Float32Array {
  const products = new Float32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) products[i] = numbers[i]! * factor;
  return products;
}

/** Copies the rows of some spans, concatenated. @param spans Row ranges `[from, to)`. */
export function copyRows(rows: RowStore, spans: readonly (readonly [from: number, to: number])[]): Float32Array {
  const { columns } = rows;
  const result = new Float32Array(spans.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0) * columns);
  let at = 0;
  for (const [from, to] of spans) {
    for (let row = from; row < to; row++, at += columns) result.set(rows.row(row), at);
  }
  return result;
}
