import { expect, it } from 'vitest';
import { readNpz } from './npz.ts';

/** One array `x` in a zip file without compression (checksums are not read). */
function npz(descr: string, data: Uint8Array, method = 0): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (2,), }\n`;
  const npy = [
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    1,
    0,
    text.length,
    0,
    ...new TextEncoder().encode(text),
    ...data,
  ];
  const name = [...new TextEncoder().encode('x.npy')];
  const word = (x: number) => [x & 255, (x >> 8) & 255];
  const long = (x: number) => [...word(x & 0xffff), ...word(x >>> 16)];
  const same = [
    ...word(method),
    ...long(0),
    ...long(0),
    ...long(npy.length),
    ...long(npy.length),
    ...word(name.length),
  ];
  const local = [...long(0x04034b50), ...word(20), ...word(0), ...same, ...word(0), ...name, ...npy];
  const entry = [...long(0x02014b50), ...word(20), ...word(20), ...word(0), ...same, ...word(0), ...word(0)];
  const directory = [...entry, ...word(0), ...word(0), ...long(0), ...long(0), ...name];
  const end = [...long(0x06054b50), ...word(0), ...word(0), ...word(1), ...word(1), ...long(directory.length)];
  return Uint8Array.from([...local, ...directory, ...end, ...long(local.length), ...word(0)]);
}

it('reads float32 and float64', () => {
  const double = new Uint8Array(Float64Array.of(1.5, -2).buffer);
  expect([...(readNpz(npz('<f8', double), 'a').x ?? [])]).toEqual([1.5, -2]);
  expect([...(readNpz(npz('<f4', new Uint8Array(Float32Array.of(0.5, 3).buffer)), 'a').x ?? [])]).toEqual([0.5, 3]);
});

it.each([
  ['no zip file', Uint8Array.of(1, 2, 3), /it is no zip file/],
  ['compression', npz('<f8', new Uint8Array(16), 8), /it is compressed/],
  ['whole numbers', npz('<i8', new Uint8Array(16)), /'<i8'/],
  ['a file that ends early', npz('<f8', new Uint8Array(16)).subarray(20), /model-corrupt|no \.npz file/],
])('refuses %s', (_, bytes, message) => {
  expect(() => readNpz(bytes, 'plda.npz')).toThrow(message);
});
