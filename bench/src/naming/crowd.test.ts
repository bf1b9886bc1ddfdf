import { describe, expect, it } from 'vitest';
import { crowdOf, groupsOf } from './crowd.ts';
import { type Person, type Piece, SpeechReader } from './speech.ts';

const person = (name: string, seconds: number, corpus = 'a'): Person => ({
  name,
  corpus,
  recordings: [[{ file: `${name}.wav`, start: 1, end: 1 + seconds }]],
});

/** A constant for each person. */
class Constant extends SpeechReader {
  override async read(recordings: readonly (readonly Piece[])[]) {
    const [piece] = recordings.flat() as [Piece];
    const samples = new Float32Array(Math.round((piece.end - piece.start) * 100)).fill(piece.file === 'x.wav' ? 1 : 2);
    return { samples, sampleRate: 100 };
  }
}

describe('conversations of many people', () => {
  it('group people of one corpus, without those with too little speech', () => {
    const people = [person('p', 9), person('q', 3), person('r', 9), person('s', 9), person('t', 9, 'b')];
    expect(groupsOf(people, 2, 8).map((group) => group.map(({ name }) => name))).toEqual([['p', 'r']]);
    expect(groupsOf(people, 1, 8)).toHaveLength(4);
  });

  it('let each person speak equally long and equally loud, one at a time', async () => {
    const { samples, sampleRate, turns } = await crowdOf([person('x', 30), person('y', 10)], 10, new Constant(), 1);
    for (const name of ['x', 'y']) {
      const own = turns.filter(({ speaker }) => speaker === name);
      expect(own.reduce((sum, { start, end }) => sum + end - start, 0)).toBeCloseTo(10, 1);
      for (const { start, end } of own) {
        expect(end - start).toBeLessThanOrEqual(4.01);
        expect(samples[Math.round(((start + end) / 2) * sampleRate)]).toBeCloseTo(0.06, 6);
      }
    }
    turns.slice(1).forEach(({ start }, i) => {
      expect(start - turns[i]!.end).toBeGreaterThanOrEqual(0.09);
    });
    expect((await crowdOf([person('x', 30), person('y', 10)], 10, new Constant(), 1)).turns).toEqual(turns);
  });
});
