/**
 * Joins chunks in a new buffer, which may be transferred. A single chunk that owns its buffer is returned unchanged.
 */
export function joinChunks(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined && first.byteLength === first.buffer.byteLength) return first;
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

/** Little-endian bytes of float32 numbers, as a view: all existing runtimes are little-endian. */
export function floatBytes(values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Float32 numbers from little-endian bytes. Copies only when the offset is not a multiple of 4. `bytes.length` must be
 * a multiple of 4.
 */
export function bytesToFloats(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Largest accepted amplitude; full scale is 1. The network squares samples, and louder ones would overflow. */
const MOST_AMPLITUDE = 2 ** 31;

/** Index of the first number that is not a valid sample (not finite, or beyond `MOST_AMPLITUDE`); -1 for none. */
export function findBadSample(samples: Float32Array): number {
  // Written as a negation so that NaN counts as invalid.
  return samples.findIndex((sample) => !(Math.abs(sample) <= MOST_AMPLITUDE));
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Divides chunks into groups of about `size` bytes; at least one group, possibly empty. */
export function cutChunks(chunks: readonly Uint8Array[], size: number): Uint8Array[][] {
  const groups: Uint8Array[][] = [[]];
  let held = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += size) {
      const part = chunk.length <= size ? chunk : chunk.subarray(at, at + size);
      if (held > 0 && held + part.length > size) {
        groups.push([]);
        held = 0;
      }
      groups.at(-1)?.push(part);
      held += part.length;
    }
  }
  return groups;
}
