import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { AudioDecoder, AudioInput, AudioSource } from '../contract/audio.ts';
import { encodeWav } from './encode-wav.ts';
import { chunk, fmt, riff, samples } from './fixtures/wav-builder.ts';
import { collect, type OpenAudioOptions, openAudio, openChannels } from './open.ts';
import { createResampler } from './resample.ts';

const SAMPLES = Float32Array.from({ length: 40_000 }, (_, i) => Math.sin(i * 0.05) / 2);
const WAV = encodeWav(SAMPLES, 16_000, { encoding: 'f32' });

const load = async (input: AudioInput, options: Partial<OpenAudioOptions> = {}) =>
  collect(await openAudio(input, { sampleRate: 16_000, ...options }));

/** Bit for bit; a matcher would compare element by element, slowly. */
const same = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** Passes an input that the types forbid. */
const forced = (input: unknown) => input as AudioInput;

function countingSource(chunks: readonly (Float32Array | Error)[], sampleRate = 16_000) {
  const state = { closed: 0, read: 0 };
  const source: AudioSource = {
    sampleRate,
    warnings: [{ code: 'audio-silent', message: 'of the source' }],
    async read() {
      const chunk = chunks[state.read++] ?? null;
      if (chunk instanceof Error) throw chunk;
      return chunk;
    },
    async close() {
      state.closed++;
    },
  };
  return { source, state };
}

describe('inputs', () => {
  it.each<[string, () => AudioInput]>([
    ['Uint8Array', () => WAV],
    ['Buffer', () => Buffer.from(WAV)],
    ['ArrayBuffer', () => WAV.buffer],
    ['Blob', () => new Blob([WAV])],
    ['File with a wrong name', () => new File([WAV], 'song.mp3', { type: 'audio/mpeg' })],
    ['Uint8Array of another realm', () => runInNewContext('Uint8Array.from(bytes)', { bytes: WAV })],
    ['ReadableStream', () => new Blob([WAV]).stream()],
    ['samples', () => ({ samples: SAMPLES, sampleRate: 16_000 })],
    [
      'samples of another realm',
      () => ({ samples: runInNewContext('Float32Array.from(all)', { all: SAMPLES }), sampleRate: 16_000 }),
    ],
    ['channels', () => ({ samples: [SAMPLES, SAMPLES], sampleRate: 16_000 })],
    ['AudioSource', () => countingSource([SAMPLES.subarray(0, 3), new Float32Array(0), SAMPLES.subarray(3)]).source],
    ['a WAV behind an ID3 tag', () => new Blob([Uint8Array.of(73, 68, 51, 3, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4), WAV])],
  ])('return the same samples from %s', async (_, input) => {
    expect(same(await load(input()), SAMPLES)).toBe(true);
  });

  it('returns the caller’s own samples without a copy, and does not modify them', async () => {
    const loud = Float32Array.of(0.5, 1e30, -1e30);
    const source = await openAudio({ samples: SAMPLES, sampleRate: 16_000 }, { sampleRate: 16_000 });
    expect((await source.read())?.buffer).toBe(SAMPLES.buffer);
    const clipped = await openAudio({ samples: loud, sampleRate: 16_000 }, { sampleRate: 16_000 });
    expect(await clipped.read()).toEqual(Float32Array.of(0.5, 2 ** 31, -(2 ** 31)));
    expect(loud).toEqual(Float32Array.of(0.5, 1e30, -1e30));
    expect(clipped.warnings.map((one) => one.code)).toEqual(['format-questionable']);
  });

  it('resamples to the requested rate, the same for every kind of input', async () => {
    const resampler = createResampler(16_000, 48_000);
    const expected = Float32Array.from([...resampler.push(SAMPLES), ...resampler.end()]);
    expect(expected).toHaveLength(120_000);
    for (const input of [WAV, new Blob([WAV]), new Blob([WAV]).stream(), { samples: SAMPLES, sampleRate: 16_000 }]) {
      const source = await openAudio(input, { sampleRate: 48_000 });
      expect(source.sampleRate).toBe(48_000);
      expect(source.lengthHint).toBe(120_000);
      expect(same(await collect(source), expected)).toBe(true);
    }
  });

  it.each([
    ['a path', 'meeting.wav', /string.*openAsBlob/],
    ['null', null, /null/],
    ['nothing', undefined, /undefined/],
    ['bare samples', SAMPLES, /Float32Array.*sampleRate/],
    ['an object', { url: 'x' }, /Object/],
    ['half a source', { sampleRate: 8_000, read: 1, close: 2 }, /Object/],
    ['samples as numbers', { samples: [1, 2], sampleRate: 8_000 }, /Float32Array/],
    ['16-bit samples', { samples: Int16Array.of(1), sampleRate: 8_000 }, /Float32Array/],
  ])('rejects %s as no audio input', async (_, input, message) => {
    const error = await load(forced(input)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'invalid-option' });
    expect(`${(error as Error).message} ${(error as { hint?: string }).hint}`).toMatch(message);
  });

  it.each([
    ['no channels', { samples: [], sampleRate: 16_000 }],
    ['unequal channels', { samples: [SAMPLES, SAMPLES.subarray(1)], sampleRate: 16_000 }],
    ['no samples', { samples: new Float32Array(0), sampleRate: 16_000 }],
    ['rate 0', { samples: SAMPLES, sampleRate: 0 }],
    ['rate NaN', { samples: SAMPLES, sampleRate: Number.NaN }],
    ['rate 10 MHz', { samples: SAMPLES, sampleRate: 10_000_000 }],
    ['no rate', forced({ samples: SAMPLES })],
    ['a WAV without samples', riff([fmt(), chunk('data', [])])],
    ['a WAV with half a frame', riff([fmt({ channels: 2 }), chunk('data', [1, 2, 3])])],
    ['a WAV at 1 Hz', riff([fmt({ rate: 1 }), chunk('data', [1, 2, 3, 4])])],
    ['an endless rate', riff([fmt({ rate: 2_000_000_000 }), chunk('data', [1, 2, 3, 4])])],
  ])('rejects %s as invalid audio', async (_, input) => {
    await expect(load(input)).rejects.toThrow(expect.objectContaining({ code: 'invalid-audio' }));
  });
});

describe('sample rate times channels', () => {
  const wav = (channels: number, rate: number) =>
    riff([fmt({ channels, rate, bits: 8 }), chunk('data', new Array(channels * 100).fill(128))]);

  it('can be limited, since it determines the decoding cost', async () => {
    const limits = { maxSamplesPerSecond: 1_600_000 };
    await expect(load(wav(1_000, 16_000), { limits })).rejects.toMatchObject({
      code: 'audio-too-large',
      message: 'the audio has 1000 channels at 16000 Hz; the limit is 1600000 samples per second',
    });
    expect(await load(wav(1_000, 16_000))).toHaveLength(100);
    expect(await load(wav(32, 48_000), { limits })).toHaveLength(34);
    await expect(load(wav(1, 16_000), { limits: { maxSamplesPerSecond: 0 } })).rejects.toMatchObject({
      code: 'invalid-option',
    });
  });

  it('allows at most 16 separate channels', async () => {
    const open = (channels: number) => openChannels(wav(channels, 16_000), { sampleRate: 16_000 });
    const sources = await open(16);
    expect(sources).toHaveLength(16);
    for (const source of sources) await source.close();
    await expect(open(17)).rejects.toMatchObject({ code: 'invalid-option', message: expect.stringContaining('17') });
  });
});

describe('non-finite samples', () => {
  const bad = riff([fmt({ tag: 3, bits: 32 }), chunk('data', samples([0.5, Number.NaN, Infinity, -Infinity], 'f32'))]);

  it('are rejected with their position', async () => {
    await expect(load(bad)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid-audio',
        message: 'a sample at 0.000 s is NaN, expected finite numbers',
      }),
    );
    const late = SAMPLES.slice();
    late[0] = 1e-40;
    late[39_999] = Number.NEGATIVE_INFINITY;
    const source = await openAudio({ samples: late, sampleRate: 16_000 }, { sampleRate: 48_000 });
    await expect(collect(source)).rejects.toThrow(
      expect.objectContaining({ message: expect.stringContaining('at 2.500 s') }),
    );
  });

  it('are replaced on request', async () => {
    const source = await openAudio(bad, { sampleRate: 16_000, nonFinite: 'replace' });
    expect(await source.read()).toEqual(Float32Array.of(0.5, 0, 1, -1));
    expect(source.warnings.map((one) => one.code)).toEqual(['audio-nonfinite']);
  });

  it('do not result from the largest finite samples', async () => {
    const loudest = riff([
      fmt({ tag: 3, bits: 32 }),
      chunk(
        'data',
        samples(
          Array.from({ length: 400 }, (_, i) => (i % 2 ? 3.4e38 : -3.4e38)),
          'f32',
        ),
      ),
    ]);
    expect((await load(loudest, { sampleRate: 48_000 })).every(Number.isFinite)).toBe(true);
  });
});

describe('limits', () => {
  const seconds = SAMPLES.length / 16_000;

  it('reject a known excessive length immediately', async () => {
    for (const input of [WAV, new Blob([WAV]), { samples: SAMPLES, sampleRate: 16_000 }]) {
      const limits = { maxSeconds: seconds - 0.01 };
      await expect(openAudio(input, { sampleRate: 48_000, limits })).rejects.toThrow(
        expect.objectContaining({
          code: 'audio-too-long',
          message: 'the audio is 3 s long; the limit is 2.49 s',
        }),
      );
      expect(await load(input, { limits: { maxSeconds: seconds } })).toHaveLength(SAMPLES.length);
    }
  });

  it('apply to the received bytes of a stream, not to its declared length', async () => {
    const lying = riff([fmt(), chunk('data', new Uint8Array(3_200), { claim: 2_000_000_000 })]);
    expect(await load(new Blob([lying]).stream(), { limits: { maxSeconds: 1 } })).toHaveLength(1_600);
    const source = await openAudio(new Blob([WAV]).stream(), { sampleRate: 48_000, limits: { maxSeconds: 2 } });
    await expect(collect(source)).rejects.toThrow(expect.objectContaining({ code: 'audio-too-long' }));
  });

  it('are 4 hours by default', async () => {
    const hour = new Float32Array(3_600_000);
    const { source } = countingSource([hour, hour, hour, hour, new Float32Array(1)], 1_000);
    await expect(load(source, { sampleRate: 1_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'audio-too-long', message: expect.stringContaining('14400 s') }),
    );
  });

  it('include the byte limit', async () => {
    for (const input of [WAV, new Blob([WAV]), new Blob([WAV]).stream()]) {
      await expect(load(input, { limits: { maxBytes: 1_000 } })).rejects.toThrow(
        expect.objectContaining({ code: 'audio-too-large' }),
      );
    }
  });

  it.each([
    { sampleRate: 0 },
    { sampleRate: 16_000.5 },
    { limits: { maxSeconds: 0 } },
    { limits: { maxBytes: Number.NaN } },
  ])('reject the options %j', async (options) => {
    await expect(load(WAV, options)).rejects.toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});

describe('closing', () => {
  it('reports why opening failed, also if closing fails', async () => {
    const { source } = countingSource([new Error('unplugged')]);
    const stuck = { ...source, close: () => Promise.reject(new Error('cannot close')) };
    await expect(openAudio(stuck, { sampleRate: 16_000 })).rejects.toThrow(/unplugged/);
  });

  it('closes a failing source, and converts its error', async () => {
    const { source, state } = countingSource([SAMPLES, new Error('microphone unplugged')]);
    const opened = await openAudio(source, { sampleRate: 16_000 });
    expect(opened.warnings).toHaveLength(1);
    await opened.read();
    await expect(opened.read()).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-audio', message: expect.stringContaining('unplugged') }),
    );
    expect(state.closed).toBeGreaterThan(0);
  });

  it('cancels a stream that is not audio, is aborted, or is closed', async () => {
    for (const end of ['refused', 'aborted', 'closed'] as const) {
      let canceled = false;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(end === 'refused' ? new Uint8Array(600) : WAV.slice(0, 100_000)),
        cancel: () => {
          canceled = true;
        },
      });
      const controller = new AbortController();
      const opening = openAudio(stream, { sampleRate: 16_000, signal: controller.signal });
      if (end === 'refused') {
        await expect(opening).rejects.toThrow(expect.objectContaining({ code: 'unsupported-format' }));
      } else {
        const source = await opening;
        if (end === 'closed') {
          await source.close();
          expect(await source.read()).toBeNull();
        } else {
          await source.read();
          const waiting = collect(source);
          controller.abort();
          await expect(waiting).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
        }
      }
      expect(canceled, end).toBe(true);
    }
  });

  it('rejects if already aborted', async () => {
    await expect(load(WAV, { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });
});

describe('decoders', () => {
  const shout: AudioDecoder = {
    format: 'shout',
    sniff: (head) => head[0] === 33,
    open: async (bytes) => {
      const length = (await bytes.read(2))[1] ?? 0;
      return countingSource([new Float32Array(length).fill(1)], 8_000).source;
    },
  };

  it('are tried before WAV', async () => {
    expect(await load(Uint8Array.of(33, 5), { decoders: [shout], sampleRate: 8_000 })).toHaveLength(5);
    expect(await load(WAV, { decoders: [shout] })).toHaveLength(SAMPLES.length);
  });

  it('are named if none supports the bytes', async () => {
    await expect(load(new TextEncoder().encode('<!DOCTYPE html>'), { decoders: [shout] })).rejects.toThrow(
      expect.objectContaining({
        code: 'unsupported-format',
        message: 'no supported audio format: the bytes look like HTML page, expected SHOUT, WAV',
      }),
    );
  });
});
