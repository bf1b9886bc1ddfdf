import { describe, expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import { encodeWav } from './encode-wav.ts';
import { collect, openAudio, openChannels } from './open.ts';

const RATE = 8000;

/** Noise through a slow filter: as wide as a voice, unlike that of another seed. @param on whether it sounds at a second. */
function voice(seed: number, seconds: number, on: (second: number) => boolean = () => true): Float32Array {
  let state = seed * 7919 + 1;
  let low = 0;
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    low += 0.3 * (state / 2 ** 31 - 1 - low);
    return on(i / RATE) ? low : 0;
  });
}

const scaled = (samples: Float32Array, gain: number, delay = 0) =>
  samples.map((_, i) => gain * (samples[i - delay] ?? 0));
const plus = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + (b[i] as number));
const loudness = (samples: Float32Array, from: number, to: number) =>
  Math.sqrt(samples.subarray(from * RATE, to * RATE).reduce((sum, x) => sum + x * x, 0) / ((to - from) * RATE));

const wav = (...channels: Float32Array[]) => encodeWav(channels, RATE, { encoding: 'f32' });
const apart = async (input: Parameters<typeof openChannels>[0]) => {
  const sources = await openChannels(input, { sampleRate: RATE });
  const channels = await Promise.all(sources.map(collect));
  return { channels, warnings: sources.flatMap((source) => source.warnings.map(({ code }) => code)) };
};
const mix = async (input: Parameters<typeof openAudio>[0], channels?: 'mix' | number) => {
  const source = await openAudio(input, { sampleRate: RATE, channels });
  return { samples: await collect(source), warnings: source.warnings.map(({ code }) => code) };
};

const LEFT = voice(1, 6);
const RIGHT = voice(2, 6);

describe('a single channel', () => {
  it('is selected by its number, in a file and in samples', async () => {
    for (const input of [wav(LEFT, RIGHT), { samples: [LEFT, RIGHT], sampleRate: RATE }]) {
      expect((await mix(input, 1)).samples).toEqual(LEFT);
      expect((await mix(input, 2)).samples).toEqual(RIGHT);
    }
    expect((await mix(wav(LEFT), 1)).samples).toEqual(LEFT);
  });

  it.each([3, 100])('is rejected if there is no channel %i', async (number) => {
    await expect(mix(wav(LEFT, RIGHT), number)).rejects.toMatchObject({ code: 'invalid-option', hint: /1 to 2/ });
  });

  it.each([0, -1, 1.5, Number.NaN])('is rejected for %d, which is not a channel number', async (number) => {
    const opening = openAudio(wav(LEFT, RIGHT), { sampleRate: RATE, channels: number });
    await expect(opening).rejects.toMatchObject({ code: 'invalid-option' });
  });
});

describe('the mix', () => {
  it.each([-1, -0.9, -0.7])('does not cancel out if the right channel is %d times the left one', async (gain) => {
    const { samples, warnings } = await mix(wav(LEFT, scaled(LEFT, gain)));
    expect(samples).toEqual(LEFT);
    expect(warnings).toEqual(['channels-inverted']);
  });

  it.each([1, 0.5, 0, -0.3])('is the mean if it is %d times the left one, without a warning', async (gain) => {
    const { samples, warnings } = await mix(wav(LEFT, scaled(LEFT, gain)));
    expect(loudness(samples, 0, 6) / loudness(LEFT, 0, 6)).toBeCloseTo((1 + gain) / 2, 3);
    expect(warnings).toEqual([]);
  });

  it('warns if each channel has another voice, at once or alternately', async () => {
    expect((await mix(wav(LEFT, RIGHT))).warnings).toEqual(['channels-mixed']);
    const turns = wav(
      voice(1, 6, (s) => s % 2 < 1),
      voice(2, 6, (s) => s % 2 >= 1),
    );
    expect((await mix(turns)).warnings).toEqual(['channels-mixed']);
  });

  it('does not warn for one sound at two microphones, or for a silent channel with noise', async () => {
    expect((await mix(wav(LEFT, scaled(LEFT, 0.6, 4)))).warnings).toEqual([]);
    expect((await mix(wav(LEFT, scaled(RIGHT, 0.002)))).warnings).toEqual([]);
  });
});

describe('separate channels', () => {
  it('are those of the file, at any rate', async () => {
    const { channels, warnings } = await apart(wav(LEFT, RIGHT));
    expect(channels).toEqual([LEFT, RIGHT]);
    expect(warnings).toEqual([]);
    const sources = await openChannels(wav(LEFT, RIGHT), { sampleRate: 16_000 });
    expect((await Promise.all(sources.map(collect))).map(({ length }) => length)).toEqual([96_000, 96_000]);
    expect((await apart(wav(LEFT))).channels).toEqual([LEFT]);
  });

  it('have crosstalk of a louder channel removed, and keep their own speech at any level', async () => {
    const far = voice(2, 6, (s) => s >= 4);
    const left = voice(1, 6, (s) => s < 4);
    const leak = plus(scaled(left, 0.1, 40), scaled(far, 0.05));
    const { channels } = await apart(wav(left, leak));
    expect(loudness(channels[1] as Float32Array, 0.5, 3.5)).toBe(0);
    expect(loudness(channels[1] as Float32Array, 4.2, 6)).toBeCloseTo(loudness(scaled(far, 0.05), 4.2, 6), 5);
    expect(channels[0]).toEqual(left);
    const quiet = await apart(wav(LEFT, scaled(RIGHT, 0.03)));
    expect(quiet.channels[1]).toEqual(scaled(RIGHT, 0.03));
  });

  it('warn if they have the same signal', async () => {
    expect((await apart(wav(LEFT, LEFT))).warnings).toEqual(['channels-alike']);
  });

  it('are read synchronously in blocks, and close the input once all are closed', async () => {
    const state = { reads: 0, closed: 0 };
    const source: AudioSource = {
      sampleRate: RATE,
      channels: 2,
      warnings: [],
      read: async () => null,
      async readChannels() {
        return state.reads++ < 50 ? [LEFT.subarray(0, 4000), RIGHT.subarray(0, 4000)] : null;
      },
      async close() {
        state.closed++;
      },
    };
    const [left, right] = (await openChannels(source, { sampleRate: RATE })) as [AudioSource, AudioSource];
    await left.read();
    expect(state.reads).toBe(1);
    const waiting = left.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.reads).toBe(1);
    await right.read();
    await right.read();
    await waiting;
    expect(state.reads).toBe(2);
    await right.close();
    let count = 0;
    while (await left.read()) count++;
    expect(count).toBe(48);
    expect(state.closed).toBe(0);
    await left.close();
    await left.close();
    expect(state.closed).toBe(1);
  });

  it('all fail if the input fails', async () => {
    let reads = 0;
    const source: AudioSource = {
      sampleRate: RATE,
      channels: 2,
      warnings: [],
      read: async () => null,
      async readChannels() {
        if (reads++ > 2) throw new Error('unplugged');
        return [LEFT, RIGHT];
      },
      async close() {},
    };
    const sources = await openChannels(source, { sampleRate: RATE });
    const ends = await Promise.allSettled(sources.map(collect));
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'invalid-audio' } });
  });
});
