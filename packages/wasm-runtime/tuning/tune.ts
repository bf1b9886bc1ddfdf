import { kernelBody } from './kernel.ts';

/** The two functions, byte for byte the same in all builds of onnxruntime-web from 1.22 to 1.30 that were looked at. */
const STOCK = [
  { size: 2040, hash: 0x3eacadd4, adds: false },
  { size: 1922, hash: 0xca587132, adds: true },
] as const;

const CODE_SECTION = 10;
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/**
 * Replaces ONNX Runtime's inner matrix product, in its compiled WebAssembly and in place, by one that computes the same
 * bits in two thirds of the time (`kernelBody`). A build whose functions are not exactly the known ones is left alone.
 * @param wasm the whole of `ort-wasm-simd-threaded.wasm` or of a variant of it
 * @returns whether it was replaced
 */
export function tune(wasm: Uint8Array): boolean {
  const bodies = stockBodies(wasm);
  if (!bodies.every((found) => found.length === 1)) return false;
  STOCK.forEach(({ adds, size }, i) => {
    bodies[i]?.[0]?.set(kernelBody(adds, size));
  });
  return true;
}

/** For each of `STOCK` the bodies that are exactly it; none where the bytes are no WebAssembly or end too early. */
export function stockBodies(wasm: Uint8Array): Uint8Array[][] {
  const found: Uint8Array[][] = STOCK.map(() => []);
  if (!MAGIC.every((byte, i) => wasm[i] === byte)) return found;
  let position = MAGIC.length;
  /** Unsigned LEB128, 32 bits. */
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = wasm[position++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value >>> 0;
  };
  while (position < wasm.length) {
    const section = wasm[position++];
    const size = number();
    if (section === CODE_SECTION) break;
    position += size;
  }
  for (let left = number(); left > 0 && position < wasm.length; left -= 1) {
    const size = number();
    const at = STOCK.findIndex((stock) => stock.size === size && hashOf(wasm, position, size) === stock.hash);
    if (at >= 0) found[at]?.push(wasm.subarray(position, position + size));
    position += size;
  }
  return found;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array, start: number, size: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < start + size; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}
