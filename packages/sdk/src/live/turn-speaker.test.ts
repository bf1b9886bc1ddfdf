import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import type { Stretch } from './stretch.ts';
import { whoSaid } from './turn-speaker.ts';

const RULES = {
  between: new Float32Array(8).fill(6),
  cluster: { rate: 1, saturation: 30, evidence: 2, shortestTrack: 0.1, shortestSpeaker: 1, leastShare: 0 },
};
const random = seededRandom(7);

/** A stretch of a voice, told to be a speaker's. Voices differ in 6 of the 8 units of deviation within one. */
function stretch(voice: number, told: number, seconds = 2): Stretch {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sum = Float32Array.from({ length: 8 }, (_, i) => ((i === voice ? 6 : 0) + normal()) * seconds);
  return { from: 0, to: 50, seconds, sum, raw: sum, speaker: told, voice: told };
}

/** The first words of a new speaker. */
const seed = (voice: number, told: number): Stretch => ({ ...stretch(voice, told, 0.5), from: 0, to: 0 });

describe('whoSaid', () => {
  const ada = [stretch(0, 0), stretch(0, 0), stretch(0, 0)];
  const bo = [stretch(1, 1), stretch(1, 1)];

  it('leaves a turn with its speaker, who has spoken before', () => {
    const said = [stretch(1, 1), stretch(1, 1)];
    expect(whoSaid(said, [...ada, ...bo, ...said], 1, RULES)).toBe(1);
  });

  it('gives it to whom it sounds like, though it has taught its speaker its own voice', () => {
    const said = [stretch(1, 0), stretch(1, 0), stretch(1, 0)];
    expect(whoSaid(said, [...ada, ...bo, ...said], 0, RULES)).toBe(1);
  });

  it('says that it is somebody new', () => {
    const said = [stretch(2, 0), stretch(2, 0)];
    expect(whoSaid(said, [...ada, ...bo, ...said], 0, RULES)).toBeUndefined();
  });

  it('finds that somebody new was somebody known, and leaves them alone otherwise', () => {
    const same = [seed(1, 2), stretch(1, 2), stretch(1, 2)];
    expect(whoSaid(same.slice(1), [...ada, ...bo, ...same], 2, RULES)).toBe(1);
    const other = [seed(3, 2), stretch(3, 2), stretch(3, 2)];
    expect(whoSaid(other.slice(1), [...ada, ...bo, ...other], 2, RULES)).toBe(2);
  });

  it('does not judge by too little, of the turn or of the others', () => {
    const short = [stretch(1, 0, 0.4)];
    expect(whoSaid(short, [...ada, ...bo, ...short], 0, RULES)).toBe(0);
    const said = [stretch(1, 0)];
    expect(whoSaid(said, [stretch(1, 1, 0.9), ...said], 0, RULES)).toBe(0);
    expect(whoSaid([], ada, 0, RULES)).toBe(0);
  });

  it('compares with nobody’s speech that clustering has given to nobody', () => {
    const said = [stretch(1, 0), stretch(1, 0)];
    const nobody = [stretch(1, -1), stretch(1, -1)];
    expect(whoSaid(said, [...nobody, ...said], 0, RULES)).toBe(0);
  });
});
