import { VoiceFlowError } from '../contract/errors.ts';

/** A field of a protobuf message. */
export class Field {
  readonly number: number;
  /** Value of an integer field; otherwise 0. */
  readonly value: number;
  /** The same as a signed integer, if it fits into 32 bits. */
  readonly int32: number;
  readonly #message: Uint8Array;
  readonly #from: number;
  readonly #content: number;
  readonly #to: number;

  constructor(message: Uint8Array, from: number, reader: Reader) {
    const key = reader.varint();
    const wire = key % 8;
    this.number = Math.floor(key / 8);
    this.value = wire === 0 ? reader.varint() : 0;
    this.int32 = wire === 0 ? reader.int32 : 0;
    const length = wire === 2 ? reader.varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    if (wire > 2 && wire !== 5) throw new VoiceFlowError('model-incompatible', 'the weights are not an ONNX file');
    this.#message = message;
    this.#from = from;
    this.#content = wire === 2 ? reader.at : reader.at + length;
    reader.at += length;
    this.#to = reader.at;
  }

  /** Contents of a message, string or bytes field; otherwise empty. */
  get bytes(): Uint8Array {
    return this.#message.subarray(this.#content, this.#to);
  }

  /** The whole field, with its key. */
  get whole(): Uint8Array {
    return this.#message.subarray(this.#from, this.#to);
  }
}

class Reader {
  at = 0;
  /** The last number as a signed integer of 32 bits. */
  int32 = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    this.int32 = 0;
    let scale = 1;
    for (let shift = 0; this.at < this.#bytes.length; shift += 7, scale *= 128) {
      const byte = this.#bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (shift < 32) this.int32 |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new VoiceFlowError('model-incompatible', 'the weights are not an ONNX file: a number is truncated');
  }
}

/**
 * The fields of a protobuf message: https://protobuf.dev/programming-guides/encoding/
 * @throws `model-incompatible` if the bytes are no message.
 */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  const reader = new Reader(bytes);
  while (reader.at < bytes.length) fields.push(new Field(bytes, reader.at, reader));
  return fields;
}

/** A repeated integer field, packed or not, as signed integers of up to 32 bits. */
export function integersOf(fields: readonly Field[], number: number): number[] {
  const found: number[] = [];
  for (const field of fields) {
    if (field.number !== number) continue;
    const { bytes } = field;
    if (bytes.length === 0) found.push(field.int32);
    const reader = new Reader(bytes);
    while (reader.at < bytes.length) {
      reader.varint();
      found.push(reader.int32);
    }
  }
  return found;
}

/** The text of the first field with a number; empty without one. */
export function textOf(fields: readonly Field[], number: number): string {
  const field = fields.find((candidate) => candidate.number === number);
  return field ? decode(field.bytes) : '';
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Writes a message, or fields of one, into a buffer that grows. */
export class Writer {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** What was written; valid until the next call. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): this {
    this.#length = 0;
    return this;
  }

  /** Fields as they were read. */
  raw(fields: Uint8Array): this {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#length);
    this.#length += fields.length;
    return this;
  }

  /** A field that contains a message or bytes. */
  bytes(number: number, content: Uint8Array): this {
    return this.head(number, content.length).raw(content);
  }

  /** The start of such a field, whose contents are written elsewhere. */
  head(number: number, length: number): this {
    return this.#varint(number * 8 + 2).#varint(length);
  }

  text(number: number, text: string): this {
    return this.bytes(number, encoder.encode(text));
  }

  /** @param value A whole number ≥ 0. */
  integer(number: number, value: number): this {
    return this.#varint(number * 8).#varint(value);
  }

  #varint(value: number): this {
    this.#reserve(10);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 0x80;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + count));
    larger.set(this.written);
    this.#bytes = larger;
  }
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
