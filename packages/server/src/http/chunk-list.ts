/** Smaller chunks are merged, so that data sent in single bytes does not become one object per byte. */
const SMALL_CHUNK = 8 * 1024;
const BLOCK_BYTES = 64 * 1024;

/** Keeps large chunks, and a single small one, unchanged; packs further small ones into blocks. */
export class ChunkList {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #block = new Uint8Array(0);
  #filled = 0;

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#filled === 0;
  }

  add(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.length >= SMALL_CHUNK) {
      this.#seal();
      this.#chunks.push(chunk);
    } else if (this.isEmpty) this.#chunks.push(chunk);
    else {
      const [first] = this.#chunks;
      const isSingle = this.#chunks.length === 1 && this.#filled === 0;
      if (isSingle && first !== undefined && first.length < SMALL_CHUNK) this.#pack(...this.#chunks.splice(0));
      this.#pack(chunk);
    }
  }

  /** The chunks so far. The list is empty afterwards. */
  take(): Uint8Array<ArrayBuffer>[] {
    this.#seal();
    return this.#chunks.splice(0);
  }

  #pack(...small: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const chunk of small) {
      if (this.#filled + chunk.length > this.#block.length) {
        this.#seal();
        this.#block = new Uint8Array(BLOCK_BYTES);
      }
      this.#block.set(chunk, this.#filled);
      this.#filled += chunk.length;
    }
  }

  #seal(): void {
    if (this.#filled > 0) this.#chunks.push(this.#block.subarray(0, this.#filled));
    this.#block = new Uint8Array(0);
    this.#filled = 0;
  }
}
