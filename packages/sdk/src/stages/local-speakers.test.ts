import { describe, expect, it } from 'vitest';
import { LocalSpeakers } from './local-speakers.ts';
import { SpeechMask } from './speech.ts';

const SHAPE = { frames: 3, slots: 2, dimensions: 2, hop: 2 };
/** Two windows: the first slot speaks in all frames, the second in the last one only. */
const ACTIVITY = [1, 0, 1, 0, 1, 1];
const EMBEDDINGS = [1, 0, 0, 1];

function windows(mask?: SpeechMask): LocalSpeakers {
  const local = new LocalSpeakers(SHAPE, { above: 0.5, frames: 2 }, mask);
  local.add(Float32Array.from([...ACTIVITY, ...ACTIVITY]), Float32Array.from([...EMBEDDINGS, ...EMBEDDINGS]));
  return local;
}

describe('LocalSpeakers', () => {
  it('keeps the embeddings of the slots that speak long enough', () => {
    const local = windows();
    expect([...local.activity(1)]).toEqual(ACTIVITY);
    expect([...(local.embedding(1, 0) ?? [])]).toEqual([1, 0]);
    expect(local.embedding(1, 1)).toBeUndefined();
  });

  it('masks the activity of frames without speech, and keeps what the network output', () => {
    const mask = new SpeechMask({ speech: 0.5, shortestSilence: 1 });
    for (const speech of [1, 1, 1, 0, 0]) mask.push(speech);
    const local = windows(mask);
    expect([...local.activity(0)]).toEqual(ACTIVITY);
    // The second window begins at frame 2; its last two frames are without speech.
    expect([...local.activity(1)]).toEqual([1, 0, 0, 0, 0, 0]);
    expect([...local.unmaskedActivity(1)]).toEqual(ACTIVITY);
    expect(local.embedding(0, 0)).toBeDefined();
    expect(local.embedding(1, 0)).toBeUndefined();
  });
});
