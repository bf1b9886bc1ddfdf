/** The part of protocol buffers needed to write ONNX models: https://protobuf.dev/programming-guides/encoding/ */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** A message: its encoded fields, in the order in which they were added. */
export class Message {
  readonly #bytes: number[] = [];

  /** Adds an integer ≥ 0. */
  int(field: number, value: number): this {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.raw(field, value.#bytes);
  }

  raw(field: number, bytes: ArrayLike<number>): this {
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(bytes.length);
    // One by one, because spread arguments overflow the stack for megabytes.
    for (let i = 0; i < bytes.length; i += 1) this.#bytes.push(bytes[i] ?? 0);
    return this;
  }

  encode(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }
}
