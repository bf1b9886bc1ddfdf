/** An `.npz` file of NumPy with several float64 arrays, without compression and without checksums (none are read). */

const text = (characters: string) => Array.from(characters, (each) => each.charCodeAt(0));
const word = (value: number) => [value & 255, (value >> 8) & 255];
const long = (value: number) => [...word(value & 0xffff), ...word(value >>> 16)];

export function npzFile(arrays: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const bytes: number[] = [];
  const directory: number[] = [];
  for (const [name, values] of Object.entries(arrays)) {
    const npy = npyFile(values);
    const file = text(`${name}.npy`);
    const sizes = [...long(0), ...long(npy.length), ...long(npy.length), ...word(file.length)];
    const offset = bytes.length;
    // Version, flags, no compression, time and date.
    const same = [...word(20), ...word(0), ...word(0), ...long(0), ...sizes];
    bytes.push(...text('PK\x03\x04'), ...same, ...word(0), ...file, ...npy);
    directory.push(...text('PK\x01\x02'), ...word(20), ...same, ...word(0), ...word(0), ...word(0), ...word(0));
    directory.push(...long(0), ...long(offset), ...file);
  }
  const count = Object.keys(arrays).length;
  const end = [...long(0), ...word(count), ...word(count), ...long(directory.length), ...long(bytes.length)];
  return Uint8Array.from([...bytes, ...directory, ...text('PK\x05\x06'), ...end, ...word(0)]);
}

function npyFile(values: readonly number[]): number[] {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }\n`;
  return [0x93, ...text('NUMPY\x01\x00'), ...word(header.length), ...text(header), ...doubles(values)];
}

function doubles(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return new Uint8Array(view.buffer);
}
