import { describe, expect, it } from 'vitest';
import { tabulateSteps } from './local-speaker-table.ts';
import { LocalSpeakers } from './local-speakers.ts';
import { finish } from './steps.ts';
import { linkTrackSteps } from './tracks.ts';

const SHAPE = { frames: 10, slots: 2, dimensions: 2, hop: 2 };
const SPACE = {
  from: 2,
  to: 2,
  mean: new Float32Array(2),
  projection: Float32Array.of(1, 0, 0, 1),
  between: Float32Array.of(1, 1),
};
const RULES = { overlap: 0.5, similarity: 0.7 };

type Voice = readonly [x: number, y: number];
interface Speech {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
  readonly voice: Voice;
}

/** Links tracks in windows made from speech (in frames of the recording, in the named slot). */
function link(windows: number, speech: readonly Speech[], swap: readonly number[] = []) {
  const local = new LocalSpeakers(SHAPE, { above: 0.5, frames: 1 });
  for (let w = 0; w < windows; w++) {
    const activity = new Float32Array(20);
    const embeddings = new Float32Array(4);
    for (const { slot, from, to, voice } of speech) {
      const at = swap.includes(w) ? 1 - slot : slot;
      for (let f = 0; f < 10; f++) if (w * 2 + f >= from && w * 2 + f < to) activity[f * 2 + at] = 1;
      if (from < w * 2 + 10 && to > w * 2) embeddings.set(voice, at * 2);
    }
    local.add(activity, embeddings);
  }
  const slots = finish(tabulateSteps(local, SPACE, 0.5, 0.1));
  return { ...finish(linkTrackSteps(local, slots, RULES)), slots };
}

describe('tracks', () => {
  it('follow a voice through the windows in any slot', () => {
    const { trackOf, seconds } = link(6, [{ slot: 0, from: 0, to: 20, voice: [1, 0] }], [2, 3]);
    expect([...trackOf]).toEqual([0, 0, 0, 0, 0, 0]);
    // Six windows of 1 s, each counted for its hop of 0.2 s.
    expect(seconds[0]).toBeCloseTo(6 * (1 + 0.02) * 0.2, 5);
  });

  it('separate two voices that overlap', () => {
    const { trackOf, slots } = link(4, [
      { slot: 0, from: 0, to: 16, voice: [1, 0] },
      { slot: 1, from: 0, to: 16, voice: [0, 1] },
    ]);
    expect([...trackOf]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect([...slots.clean]).toEqual(new Array(8).fill(0));
  });

  it('end at a change of voice or a pause', () => {
    const change = link(8, [
      { slot: 0, from: 0, to: 10, voice: [1, 0] },
      { slot: 0, from: 10, to: 30, voice: [0, 1] },
    ]);
    expect(new Set(change.trackOf).size).toBe(2);
    const pause = link(12, [
      { slot: 0, from: 0, to: 6, voice: [1, 0] },
      { slot: 0, from: 18, to: 30, voice: [1, 0] },
    ]);
    const before = new Set([...pause.trackOf].filter((_, row) => (pause.slots.window[row] ?? 0) < 3));
    const after = [...pause.trackOf].filter((_, row) => (pause.slots.window[row] ?? 0) > 4);
    expect(after.length).toBeGreaterThan(0);
    expect(after.filter((track) => before.has(track))).toEqual([]);
  });

  it('sum the embeddings weighted by their clean seconds', () => {
    const { sum, seconds } = link(3, [{ slot: 0, from: 0, to: 14, voice: [0.6, 0.8] }]);
    expect(sum[0]?.[0]).toBeCloseTo(0.6 * (seconds[0] ?? 0), 2);
    expect(sum[0]?.[1]).toBeCloseTo(0.8 * (seconds[0] ?? 0), 2);
  });
});
