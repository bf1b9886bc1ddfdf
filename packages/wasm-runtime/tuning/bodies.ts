const CODE_SECTION = 10;
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** The bodies of a WebAssembly module's functions, as views. None when the bytes are not a module or end too early. */
export function* functionBodies(wasm: Uint8Array): Generator<Uint8Array> {
  if (!MAGIC.every((byte, i) => wasm[i] === byte)) return;
  let position = MAGIC.length;
  /** Reads an unsigned LEB128 number of 32 bits. */
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
    yield wasm.subarray(position, position + size);
    position += size;
  }
}
