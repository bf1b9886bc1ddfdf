import { describe, expect, it } from 'vitest';
import { openBytes } from './bytes.ts';
import { chunk, ds64, fmt, type RiffSpec, riff, samples } from './fixtures/wav-builder.ts';
import { collect } from './open.ts';
import { wavDecoder } from './wav.ts';

async function decode(bytes: Uint8Array<ArrayBuffer>, via: 'memory' | 'blob' | 'stream' = 'memory') {
  const blob = new Blob([bytes]);
  const source = await wavDecoder.open(openBytes({ memory: bytes, blob, stream: blob.stream() }[via]), {});
  const values = Array.from(await collect(source));
  return { values, rate: source.sampleRate, hint: source.lengthHint, warnings: source.warnings.map((one) => one.code) };
}

const RAMP = [0, 1, -1, 100, -100, 32_767, -32_768, 12_345];
const DATA = chunk('data', samples(RAMP, 's16'));
const EXPECTED = RAMP.map((value) => value / 32_768);

describe('sample formats', () => {
  const high = (values: readonly number[], bytes: number) =>
    values.flatMap((value) =>
      Array.from({ length: bytes }, (_, i) => (i < bytes - 2 ? 0 : value >> (8 * (i - bytes + 2))) & 255),
    );
  const floats = EXPECTED.map((value) => value * 3);

  it.each([
    ['16 bits', fmt(), samples(RAMP, 's16'), EXPECTED],
    ['24 bits', fmt({ bits: 24 }), high(RAMP, 3), EXPECTED],
    ['20 bits in 24', fmt({ bits: 20 }), high(RAMP, 3), EXPECTED],
    ['32 bits', fmt({ bits: 32 }), high(RAMP, 4), EXPECTED],
    ['24 bits in blocks of 4 bytes', fmt({ bits: 24, block: 4 }), high(RAMP, 4), EXPECTED],
    ['24 valid bits of 32, EXTENSIBLE', fmt({ bits: 32, sub: 1, validBits: 24 }), high(RAMP, 4), EXPECTED],
    ['no bits, but a block size', fmt({ bits: 0, block: 2 }), samples(RAMP, 's16'), EXPECTED],
    ['8 bits, unsigned', fmt({ bits: 8 }), [0, 128, 255, 64], [-1, 0, 127 / 128, -0.5]],
    ['float32 beyond full scale', fmt({ tag: 3, bits: 32 }), samples(floats, 'f32'), floats.map(Math.fround)],
    ['float64', fmt({ tag: 3, bits: 64 }), samples(floats, 'f64'), floats.map(Math.fround)],
    ['float32, EXTENSIBLE', fmt({ sub: 3, bits: 32 }), samples(floats, 'f32'), floats.map(Math.fround)],
    // Values of ITU-T G.711's tables 1a and 2a, scaled to 16 bits.
    [
      'A-law',
      fmt({ tag: 6, bits: 8 }),
      [0xd5, 0x55, 0xaa, 0x2a, 0x80],
      [8, -8, 32_256, -32_256, 5_504].map((v) => v / 32_768),
    ],
    [
      'µ-law',
      fmt({ tag: 7, bits: 8 }),
      [0xff, 0x7f, 0x80, 0x00, 0xf0],
      [0, 0, 32_124, -32_124, 120].map((v) => v / 32_768),
    ],
    [
      'ambisonic sub-format',
      fmt({ sub: 1, guidEnd: [0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0] }),
      samples(RAMP, 's16'),
      EXPECTED,
    ],
  ])('reads %s', async (_, format, body, expected) => {
    expect((await decode(riff([format, chunk('data', body)]))).values.map((v) => v + 0)).toEqual(
      expected.map((v) => v + 0),
    );
  });

  it.each([
    ['16 bits', fmt({ bigEndian: true, channels: 1 }), samples(RAMP, 's16', true), EXPECTED],
    ['24 bits', fmt({ bigEndian: true, bits: 24 }), RAMP.flatMap((v) => [(v >> 8) & 255, v & 255, 0]), EXPECTED],
    [
      '32 bits',
      fmt({ bigEndian: true, bits: 32 }),
      samples(
        RAMP.map((v) => v * 65_536),
        's32',
        true,
      ),
      EXPECTED,
    ],
    ['float32, EXTENSIBLE', fmt({ bigEndian: true, bits: 32, sub: 3 }), samples(EXPECTED, 'f32', true), EXPECTED],
    ['float64', fmt({ bigEndian: true, bits: 64, tag: 3 }), samples(EXPECTED, 'f64', true), EXPECTED],
  ])('reads RIFX with %s', async (_, format, body, expected) => {
    expect((await decode(riff([format, chunk('data', body)], { container: 'RIFX' }))).values).toEqual(expected);
  });

  it('mixes channels to their mean and drops an incomplete last frame', async () => {
    const body = [...samples([100, 200, -300, 300, 32_767, 32_767, 5], 's16')];
    const { values } = await decode(riff([fmt({ channels: 2 }), chunk('data', body)]));
    expect(values).toEqual([150, 0, 32_767].map((value) => value / 32_768));
  });

  it('reads unaligned memory', async () => {
    const wav = riff([fmt({ tag: 3, bits: 64 }), chunk('data', samples(EXPECTED, 'f64'))]);
    for (const offset of [1, 2, 3, 4, 5, 7]) {
      const shifted = new Uint8Array(wav.length + offset);
      shifted.set(wav, offset);
      expect((await decode(shifted.subarray(offset))).values).toEqual(EXPECTED);
    }
  });

  it('keeps finite float64 samples finite', async () => {
    const { values } = await decode(riff([fmt({ tag: 3, bits: 64 }), chunk('data', samples([1e300, -1e39], 'f64'))]));
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('chunks', () => {
  const list = chunk('LIST', [1, 2, 3]);

  it.each([
    ['after and before others', riff([list, fmt(), list, DATA, list])],
    ['after one whose body looks like chunks', riff([chunk('LIST', riff([fmt({ rate: 1 }), DATA])), fmt(), DATA])],
    ['before fmt', riff([list, DATA, list, fmt()])],
    ['with a second fmt after', riff([fmt(), DATA, fmt({ channels: 2, rate: 8_000 })])],
    ['RF64', riff([ds64(16), fmt(), { ...DATA, claim: 0xffffffff }, list], { container: 'RF64', claim: 0xffffffff })],
    ['BW64', riff([ds64(16), list, fmt(), { ...DATA, claim: 0xffffffff }, list], { container: 'BW64' })],
    ['RF64 with its size in data', riff([ds64(0), fmt(), DATA, list], { container: 'RF64' })],
    ['RF64 that claims 2^53', riff([ds64(2 ** 53), fmt(), { ...DATA, claim: 0xffffffff }], { container: 'RF64' })],
    ['cut pad byte', riff([fmt(), DATA, chunk('LIST', [1], { pad: false })])],
  ])('finds the samples %s', async (_, wav) => {
    for (const via of ['memory', 'blob', 'stream'] as const) {
      const { values, rate } = await decode(wav, via);
      expect(values).toEqual(EXPECTED);
      expect(rate).toBe(16_000);
    }
  });

  it.each([
    ['all ones', 0xffffffff, 0xffffffff],
    ['all ones, RIFF size 0', 0xffffffff, 0],
    ['zeros', 0, 0],
    ['zeros in a RIFF of headers only', 0, 36],
    ["sox's", 0x7ffff000, 0x7ffff024],
    ['nearly all ones', 0xffffffdb, 0xffffffff],
  ])('reads to the end if the sizes are placeholders of a stream: %s', async (_, claim, riffClaim) => {
    const { values, warnings } = await decode(riff([fmt(), { ...DATA, claim }], { claim: riffClaim }));
    expect(values).toEqual(EXPECTED);
    expect(warnings).toEqual([]);
  });

  it('accepts an empty data chunk if other chunks follow', async () => {
    expect((await decode(riff([fmt(), chunk('data', []), list]))).values).toEqual([]);
  });

  it('rejects samples of unknown length before fmt for every kind of input', async () => {
    for (const via of ['memory', 'blob', 'stream'] as const) {
      const wav = riff([{ ...DATA, claim: 0 }, fmt()], { claim: 0 });
      await expect(decode(wav, via)).rejects.toThrow(expect.objectContaining({ code: 'invalid-audio' }));
    }
  });

  it('reads the available part of a truncated file, with a warning', async () => {
    const wav = riff([fmt(), DATA]);
    for (const via of ['memory', 'blob', 'stream'] as const) {
      const cut = await decode(wav.slice(0, -5), via);
      expect(cut.values).toEqual(EXPECTED.slice(0, 5));
      expect(cut.warnings).toEqual(['audio-truncated']);
      expect((await decode(wav, via)).warnings).toEqual([]);
    }
  });

  it('declares no more samples than the file has', async () => {
    const wav = riff([fmt(), { ...DATA, claim: 1_000_000_000 }]);
    expect((await decode(wav, 'blob')).hint).toBe(8);
    expect((await decode(riff([fmt(), { ...DATA, claim: 0xffffffff }]), 'stream')).hint).toBeUndefined();
  });

  it('warns about two fmt chunks and uses the first', async () => {
    const { values, warnings } = await decode(riff([fmt(), fmt({ channels: 2 }), DATA]));
    expect(values).toEqual(EXPECTED);
    expect(warnings).toEqual(['format-questionable']);
  });

  it('reads a long file in blocks, the same from memory, blob and stream', async () => {
    const body = Uint8Array.from({ length: 300_001 }, (_, i) => (i * 7919) >> 3);
    const whole = riff([fmt({ channels: 3, bits: 24 }), { id: 'data', body }]);
    const reference = await decode(whole);
    expect(reference.values).toHaveLength(33_333);
    expect(await decode(whole, 'blob')).toEqual(reference);
    expect((await decode(whole, 'stream')).values).toEqual(reference.values);
  });
});

describe('rejections', () => {
  const file = (format: ReturnType<typeof fmt>, spec?: RiffSpec) => riff([format, DATA], spec);

  it.each([
    ['no chunks', riff([]), 'invalid-audio', /no fmt chunk and no data/],
    ['no data', riff([fmt()]), 'invalid-audio', /no data chunk/],
    ['no fmt', riff([DATA]), 'invalid-audio', /no fmt chunk/],
    ['a short fmt', riff([chunk('fmt ', [1, 0, 1, 0]), DATA]), 'invalid-audio', /4 bytes, expected at least 14/],
    ['no channels', file(fmt({ channels: 0 })), 'invalid-audio', /0 channels/],
    ['rate 0', file(fmt({ rate: 0 })), 'invalid-audio', /0 Hz/],
    ['an absurd rate', file(fmt({ rate: 4_000_000_000 })), 'invalid-audio', /4000000000 Hz/],
    ['block and bits 0', file(fmt({ bits: 0, block: 0 })), 'invalid-audio', /0 bits/],
    ['48 bits', file(fmt({ bits: 48 })), 'invalid-audio', /48 bits/],
    ['half floats', file(fmt({ tag: 3, bits: 16 })), 'invalid-audio', /floats have 16 bits/],
    ['MP3 inside', file(fmt({ tag: 0x55 })), 'unsupported-format', /a WAV with MP3 .*0x0055/],
    ['an unknown codec', file(fmt({ tag: 0x1234 })), 'unsupported-format', /0x1234/],
    [
      'an unknown GUID',
      file(fmt({ sub: 1, guidEnd: Array(12).fill(7) })),
      'unsupported-format',
      /sub-format 00000001-0707/,
    ],
    ['EXTENSIBLE inside itself', file(fmt({ sub: 0xfffe })), 'unsupported-format', /0xfffe/],
    ['a cut EXTENSIBLE', riff([chunk('fmt ', fmt({ sub: 1 }).body.slice(0, 24)), DATA]), 'invalid-audio', /EXTENSIBLE/],
    ['a chunk beyond the end', riff([fmt(), chunk('JUNK', [1], { claim: 5_000 }), DATA]), 'invalid-audio', /no data/],
  ])('rejects %s', async (_, wav, code, message) => {
    for (const via of ['memory', 'blob', 'stream'] as const) {
      const failure = expect(decode(wav, via)).rejects;
      await failure.toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.any(String) }),
      );
    }
  });

  it.each([
    [
      'MP3',
      file(fmt({ tag: 0x55 })),
      /^install @voiceflow-ml\/codecs, which reads most such files; or convert it to PCM/,
    ],
    ['an unknown codec', file(fmt({ tag: 0x1234 })), /^convert it to PCM/],
    ['an unknown GUID', file(fmt({ sub: 1, guidEnd: Array(12).fill(7) })), /^convert it to PCM/],
  ])('says what helps for %s', async (_, wav, hint) => {
    await expect(decode(wav)).rejects.toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  it('rejects a file with too many chunks', async () => {
    const junk = riff([chunk('JUNK', [])]).subarray(12);
    const wav = new Uint8Array(12 + 8 * 140_000);
    wav.set(riff([]));
    for (let at = 12; at < wav.length; at += 8) wav.set(junk, at);
    await expect(decode(wav)).rejects.toThrow(expect.objectContaining({ code: 'invalid-audio' }));
  });

  it.each([
    ['RIFF', 'AVI '],
    ['FFIR', 'WAVE'],
    ['RIFF', 'wave'],
  ])('does not support %s of form %s', (container, form) => {
    const head = new TextEncoder().encode(`${container}\0\0\0\0${form}`);
    expect(wavDecoder.sniff(head)).toBe(false);
  });

  it('stops on abort between blocks', async () => {
    const controller = new AbortController();
    const source = await wavDecoder.open(openBytes(riff([fmt(), DATA])), { signal: controller.signal });
    controller.abort();
    await expect(source.read()).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
  });
});
