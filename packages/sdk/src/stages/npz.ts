import { VoiceFlowError } from '../contract/errors.ts';

/** Signatures of the end of a zip file's directory, and of an entry. */
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const MOST_COMMENT = 65_535;

/**
 * Reads the arrays of an uncompressed NumPy `.npz` file, by name, as float64 (from little-endian float32 or float64 in
 * C order; shapes are not returned).
 * @throws `model-corrupt` for anything else.
 */
export function readNpz(bytes: Uint8Array, what: string): Record<string, Float64Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const arrays: Record<string, Float64Array> = {};
  try {
    const end = endOf(view);
    let at = view.getUint32(end + 16, true);
    let unread = bytes.length;
    for (let left = view.getUint16(end + 10, true); left > 0; left--) {
      if (view.getUint32(at, true) !== ENTRY) throw new Error('its directory is invalid');
      if (view.getUint16(at + 10, true) !== 0) throw new Error('it is compressed');
      const nameLength = view.getUint16(at + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
      const local = view.getUint32(at + 42, true);
      const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const array = bytes.subarray(from, from + view.getUint32(at + 24, true));
      unread -= array.length;
      if (unread < 0) throw new Error('its arrays overlap');
      arrays[name.replace(/\.npy$/, '')] = readNpy(array);
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VoiceFlowError('model-corrupt', `${what} is not a readable .npz file: ${why}`, { cause });
  }
  return arrays;
}

function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - MOST_COMMENT); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new Error('it is not a zip file');
}

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function readNpy(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x934e554d) throw new Error('one of its arrays has no header');
  const wide = bytes[6]! > 1;
  const header = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const from = (wide ? 12 : 10) + header;
  const text = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, from));
  const size = /'descr': *'<f4'/.test(text) ? 4 : /'descr': *'<f8'/.test(text) ? 8 : 0;
  if (size === 0 || /'fortran_order': *True/.test(text))
    throw new Error(`one of its arrays is ${text.trim()}, expected float32 or float64, little-endian, in C order`);
  return Float64Array.from({ length: Math.floor((bytes.length - from) / size) }, (_, i) => {
    return size === 4 ? view.getFloat32(from + 4 * i, true) : view.getFloat64(from + 8 * i, true);
  });
}
