import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import type { Slots } from './local-speaker-table.ts';
import type { VoiceSpace } from './plda.ts';
import { splitTrackSteps } from './split-tracks.ts';
import { finish } from './steps.ts';

const D = 8;
const SPACE: VoiceSpace = {
  from: D,
  to: D,
  mean: new Float32Array(D),
  projection: new Float32Array(D * D),
  between: new Float32Array(D).fill(9),
};
const RULES = { rate: 1, saturation: 30, evidence: 0, share: 0.24 };

/** Rows of one track, a window each, in which voices follow one another; noise of variance 1 round each voice. */
function track(voices: readonly number[], noise: number, seed: number) {
  const random = seededRandom(seed);
  const centers = [0, 1, 2, 3].map((k) => Float32Array.from({ length: D }, (_, d) => (d % 4 === k ? 6 : 0)));
  const rows = voices.length;
  const slots: Slots = {
    rowAt: Int32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? i / 2 : -1)),
    window: Int32Array.from({ length: rows }, (_, i) => i),
    slot: new Uint8Array(rows),
    clean: new Float32Array(rows).fill(0.9),
    voices: new Float32Array(rows * D),
    to: D,
  };
  voices.forEach((voice, row) => {
    for (let d = 0; d < D; d++) {
      slots.voices[row * D + d] = ((centers[voice] as Float32Array)[d] as number) + noise * (random() - 0.5) * 3.4;
    }
  });
  return slots;
}

const split = (slots: Slots, trackOf: readonly number[], rate = RULES.rate) => {
  const count = Math.max(...trackOf) + 1;
  const tracks = {
    trackOf: Int32Array.from(trackOf),
    seconds: new Float64Array(count),
    sum: Array.from({ length: count }, () => new Float32Array(D)),
  };
  return finish(splitTrackSteps(slots, tracks, SPACE, { ...RULES, rate }));
};

const repeat = (voice: number, times: number) => new Array<number>(times).fill(voice);

describe('splitting tracks', () => {
  it('cuts at every change of voice', () => {
    const voices = [...repeat(0, 10), ...repeat(1, 14), ...repeat(2, 8)];
    const { trackOf } = split(track(voices, 1, 4), repeat(0, 32));
    expect([...trackOf]).toEqual(voices);
  });

  it('does not split tracks of one voice, or short ones', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(new Set(split(track(repeat(1, 40), 1, seed), repeat(0, 40)).trackOf).size).toBe(1);
    }
    expect([...split(track([0, 1, 1], 0.1, 1), [0, 0, 0]).trackOf]).toEqual([0, 0, 0]);
  });

  it('finds a change between similar voices if a second counts for enough observations', () => {
    const voices = [...repeat(0, 10), ...repeat(1, 10)];
    const slots = track(voices, 1, 4);
    for (let i = 0; i < slots.voices.length; i++) slots.voices[i]! *= 0.4;
    expect(new Set(split(slots, repeat(0, 20), 0.3).trackOf).size).toBe(1);
    expect([...split(slots, repeat(0, 20), 3).trackOf]).toEqual(voices);
  });

  it('keeps all rows with their seconds and embeddings', () => {
    const law = fc.property(
      fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 6 }),
      fc.nat(999),
      (runs, seed) => {
        const voices = runs.flatMap(([voice, times]) => repeat(voice, times));
        const before = voices.map((_, i) => i % 2);
        const slots = track(voices, 1, seed);
        const { trackOf, seconds, sum } = split(slots, before.length > 1 ? before : [0]);
        expect(new Set(trackOf).size).toBe(seconds.length);
        const weight = (0.9 + 0.02) * 0.24;
        expect(seconds.reduce((a, b) => a + b, 0)).toBeCloseTo(voices.length * weight, 4);
        for (const [t, total] of sum.entries()) {
          const rows = [...trackOf.keys()].filter((row) => trackOf[row] === t);
          expect(new Set(rows.map((row) => before[row])).size).toBe(1);
          expect(total[0]).toBeCloseTo(
            rows.reduce((a, row) => a + weight * (slots.voices[row * D] as number), 0),
            3,
          );
        }
      },
    );
    fc.assert(law, { seed: 21, numRuns: 60 });
  });
});
