import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pcmReader } from './pcm.ts';
import { concat } from './resample.ts';

/** The samples of bytes that come in pieces of the given lengths, then the rest. */
function read(encoding: 's16le' | 'f32le', bytes: Uint8Array, pieces: readonly number[]): Float32Array {
  const reader = pcmReader(encoding);
  const parts: Float32Array[] = [];
  let at = 0;
  for (const length of [...pieces, bytes.length]) {
    parts.push(reader(bytes.subarray(at, at + length)));
    at += length;
  }
  return concat(parts);
}

it('reads 16-bit integers and floats, little-endian', () => {
  expect(read('s16le', Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0x01, 0x00), [])).toEqual(
    Float32Array.of(-1, 32_767 / 32_768, 1 / 32_768),
  );
  expect(read('f32le', Uint8Array.of(0x00, 0x00, 0x00, 0xbf), [])).toEqual(Float32Array.of(-0.5));
});

it('accepts any chunk boundaries, and drops an incomplete last sample', () => {
  const pieces = fc.array(fc.nat(7), { maxLength: 20 });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      pieces,
      fc.constantFrom('s16le', 'f32le'),
      (bytes, cuts, encoding) => {
        const cut = read(encoding, bytes, cuts);
        expect(cut).toEqual(read(encoding, bytes, []));
        expect(cut.length).toBe(Math.floor(bytes.length / (encoding === 's16le' ? 2 : 4)));
      },
    ),
    { seed: 7 },
  );
});
