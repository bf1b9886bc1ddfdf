import { expect, it } from 'vitest';
import { npzFile } from './fixtures/npz.ts';
import { readNpz } from './npz.ts';

const npzOf = (descr: string, data: Uint8Array, method?: number) => npzFile({ x: { descr, data } }, method);

it('reads float32 and float64', () => {
  const double = new Uint8Array(Float64Array.of(1.5, -2).buffer);
  expect([...(readNpz(npzOf('<f8', double), 'a').x ?? [])]).toEqual([1.5, -2]);
  expect([...(readNpz(npzOf('<f4', new Uint8Array(Float32Array.of(0.5, 3).buffer)), 'a').x ?? [])]).toEqual([0.5, 3]);
});

it('rejects overlapping entries, which could expand a small file', () => {
  const file = npzOf('<f8', new Uint8Array(800));
  const directory = file.length - 22;
  const entry = file.slice(new DataView(file.buffer).getUint32(directory + 16, true), directory);
  const many = new Uint8Array([...file.subarray(0, directory), ...entry, ...entry, ...file.subarray(directory)]);
  new DataView(many.buffer).setUint16(many.length - 12, 3, true);
  expect(() => readNpz(many, 'plda.npz')).toThrow(/arrays overlap/);
});

it.each([
  ['no zip file', Uint8Array.of(1, 2, 3), /it is not a zip file/],
  ['compression', npzOf('<f8', new Uint8Array(16), 8), /it is compressed/],
  ['whole numbers', npzOf('<i8', new Uint8Array(16)), /'<i8'/],
  ['a file that ends early', npzOf('<f8', new Uint8Array(16)).subarray(20), /model-corrupt|not a readable \.npz file/],
])('rejects %s', (_, bytes, message) => {
  expect(() => readNpz(bytes, 'plda.npz')).toThrow(message);
});
