import { functionBodies } from './bodies.ts';
import { kernelBody } from './kernel.ts';

/** The two original functions, identical in all inspected builds of onnxruntime-web from 1.22 to 1.30. */
const STOCK = [
  { size: 2040, hash: 0x3eacadd4, adds: false },
  { size: 1922, hash: 0xca587132, adds: true },
] as const;

/**
 * Replaces ONNX Runtime's inner matrix product in its compiled WebAssembly, in place, by one that computes the same
 * bits in two thirds of the time (`kernelBody`). A build whose functions are not exactly the known ones is not changed.
 * @param wasm all bytes of `ort-wasm-simd-threaded.wasm` or of a variant of it
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

/** For each entry of `STOCK`, the identical bodies. */
export function stockBodies(wasm: Uint8Array): Uint8Array[][] {
  const found: Uint8Array[][] = STOCK.map(() => []);
  for (const body of functionBodies(wasm)) {
    const at = STOCK.findIndex(({ size, hash }) => size === body.length && hashOf(body) === hash);
    if (at >= 0) found[at]?.push(body);
  }
  return found;
}

/** FNV-1a hash, 32 bits. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
