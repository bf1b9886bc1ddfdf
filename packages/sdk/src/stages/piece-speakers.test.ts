import { describe, expect, it } from 'vitest';
import { LocalSpeakers } from './local-speakers.ts';
import { PieceSpeakers } from './piece-speakers.ts';

const FRAMES = 10;

/** Two windows of ten frames, five apart; slot 0 speaks in all frames, slot 1 in the first four of the second window. */
function speakers(): LocalSpeakers {
  const local = new LocalSpeakers({ frames: FRAMES, slots: 2, dimensions: 2, hop: 5 }, { above: 0.5, frames: 1 });
  const activity = new Float32Array(2 * FRAMES * 2);
  for (let i = 0; i < 2 * FRAMES; i++) activity[2 * i] = 0.8;
  for (let t = 0; t < 4; t++) activity[2 * (FRAMES + t) + 1] = 0.9;
  local.add(activity, Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1));
  return local;
}

/** Pieces on a grid of frames half as long, which begins a frame of theirs later. */
const spoken = {
  grid: { frame: 0.5, offset: 0.5 },
  frame: 1,
  on: 0.5,
  mean: Float32Array.of(9, 9, 9),
  pieces: [
    // Frames 0–5 and 5–9 of the local speakers.
    { ranges: Int32Array.of(-1, 9), frames: 10, voice: Float32Array.of(1, 0, 0) },
    { ranges: Int32Array.of(9, 17), frames: 8, voice: Float32Array.of(0, 1, 0) },
  ],
};

describe('voices of pieces', () => {
  it('are the mean over the pieces that a local speaker speaks', () => {
    const known = new PieceSpeakers(speakers(), spoken);
    expect(known.dimensions).toBe(3);
    // Five frames of the first piece, four of the second; the tenth is nobody's.
    expect(known.embedding(0, 0)).toEqual(Float32Array.of(5 / 9, 4 / 9, 0));
  });

  it('are assigned only to the most active local speaker of a window', () => {
    const known = new PieceSpeakers(speakers(), spoken);
    // Of frames 5 to 9 the second slot has all that a piece holds.
    expect(known.embedding(1, 1)).toEqual(Float32Array.of(0, 1, 0));
    expect(known.embedding(1, 0)).toEqual(spoken.mean);
  });

  it('are undefined for a silent slot', () => {
    expect(new PieceSpeakers(speakers(), spoken).embedding(0, 1)).toBeUndefined();
  });

  it('belong to the same windows', () => {
    const known = new PieceSpeakers(speakers(), spoken);
    expect([known.windows, known.frames, known.slots, known.hop, known.startOf(1)]).toEqual([2, FRAMES, 2, 5, 5]);
  });
});
