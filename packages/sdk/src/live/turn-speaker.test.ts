import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import type { Stretch } from './stretch.ts';
import { turnSpeaker } from './turn-speaker.ts';

const RULES = {
  between: new Float32Array(8).fill(6),
  cluster: { rate: 1, saturation: 30, evidence: 2, shortestTrack: 0.1, shortestSpeaker: 1, leastShare: 0 },
};
const random = seededRandom(7);

/** A stretch of a voice, emitted as a speaker's. Voices differ in 6 of the 8 units of deviation within one. */
function stretch(voice: number, emitted: number, seconds = 2): Stretch {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sum = Float32Array.from({ length: 8 }, (_, i) => ((i === voice ? 6 : 0) + normal()) * seconds);
  return { from: 0, to: 50, seconds, sum, raw: sum, speaker: emitted, voice: emitted };
}

/** The first words of a new speaker. */
const seed = (voice: number, emitted: number): Stretch => ({ ...stretch(voice, emitted, 0.5), from: 0, to: 0 });

describe('turnSpeaker', () => {
  const ada = [stretch(0, 0), stretch(0, 0), stretch(0, 0)];
  const bo = [stretch(1, 1), stretch(1, 1)];

  it('leaves a turn with its speaker, who has spoken before', () => {
    const own = [stretch(1, 1), stretch(1, 1)];
    expect(turnSpeaker(own, [...ada, ...bo, ...own], 1, RULES)).toBe(1);
  });

  it('attributes it to the most similar speaker, although its own speech is in the model of the wrong one', () => {
    const own = [stretch(1, 0), stretch(1, 0), stretch(1, 0)];
    expect(turnSpeaker(own, [...ada, ...bo, ...own], 0, RULES)).toBe(1);
  });

  it('returns undefined for a new speaker', () => {
    const own = [stretch(2, 0), stretch(2, 0)];
    expect(turnSpeaker(own, [...ada, ...bo, ...own], 0, RULES)).toBeUndefined();
  });

  it('attributes the turn of a new speaker to an existing one only if it matches', () => {
    const same = [seed(1, 2), stretch(1, 2), stretch(1, 2)];
    expect(turnSpeaker(same.slice(1), [...ada, ...bo, ...same], 2, RULES)).toBe(1);
    const other = [seed(3, 2), stretch(3, 2), stretch(3, 2)];
    expect(turnSpeaker(other.slice(1), [...ada, ...bo, ...other], 2, RULES)).toBe(2);
  });

  it('keeps the speaker if the turn or the others have too little speech', () => {
    const short = [stretch(1, 0, 0.4)];
    expect(turnSpeaker(short, [...ada, ...bo, ...short], 0, RULES)).toBe(0);
    const own = [stretch(1, 0)];
    expect(turnSpeaker(own, [stretch(1, 1, 0.9), ...own], 0, RULES)).toBe(0);
    expect(turnSpeaker([], ada, 0, RULES)).toBe(0);
  });

  it('ignores stretches that clustering assigned to no speaker', () => {
    const own = [stretch(1, 0), stretch(1, 0)];
    const nobody = [stretch(1, -1), stretch(1, -1)];
    expect(turnSpeaker(own, [...nobody, ...own], 0, RULES)).toBe(0);
  });
});
