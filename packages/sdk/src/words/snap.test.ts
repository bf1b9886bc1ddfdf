import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import type { Turn } from '../contract/segment.ts';
import { assignWords } from './assign-words.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });

/** A word each 0.3 s from 0. */
function say(text: string, turns: readonly Turn[], snap: 'none' | 'sentence' = 'sentence'): string {
  const words = text.split(' ').map((word, i) => ({ text: word, start: i * 0.3, end: (i + 1) * 0.3 }));
  return assignWords(words, turns, { snap })
    .map(({ speaker }) => speaker)
    .join('');
}

describe("snap: 'sentence'", () => {
  it.each<[string, string, Turn[], string]>([
    ['the change comes a word late', 'Are you there? Yes I am.', [turn(0, 1.2, 'A'), turn(1.2, 9, 'B')], 'AAABBB'],
    ['the change comes a word early', 'Are you there? Yes I am.', [turn(0, 0.6, 'A'), turn(0.6, 9, 'B')], 'AAABBB'],
    ['it is at an end already', 'Are you there? Yes I am.', [turn(0, 0.9, 'A'), turn(0.9, 9, 'B')], 'AAABBB'],
    ['the nearer end counts', 'Yes. It is so late. Oh no.', [turn(0, 0.6, 'A'), turn(0.6, 9, 'B')], 'ABBBBBB'],
    ['quotes may follow', 'He said "go." Then he went.', [turn(0, 1.2, 'A'), turn(1.2, 9, 'B')], 'AAABBB'],
    ['a title ends nothing', 'I saw Dr. Who there today', [turn(0, 1.2, 'A'), turn(1.2, 9, 'B')], 'AAAABB'],
    ['too far', 'Well. a b c d e f g h i. Yes.', [turn(0, 1.5, 'A'), turn(1.5, 9, 'B')], 'AAAAABBBBBB'],
    ['no sentence ends at all', 'are you there yes i am', [turn(0, 1.2, 'A'), turn(1.2, 9, 'B')], 'AAAABB'],
    [
      'an interjection stays',
      'So we went right home. And then',
      [turn(0, 0.9, 'A'), turn(0.9, 1.2, 'B'), turn(1.2, 9, 'A')],
      'AAABAAA',
    ],
    ['Chinese', '你 好 吗 ？ 很 好 。', [turn(0, 1.5, 'A'), turn(1.5, 9, 'B')], 'AAAABBB'],
  ])('%s', (_, text, turns, expected) => {
    expect(say(text, turns)).toBe(expected);
  });

  it('keeps changes unless the option is set', () => {
    expect(say('Are you there? Yes I am.', [turn(0, 1.2, 'A'), turn(1.2, 9, 'B')], 'none')).toBe('AAAABB');
  });

  it('returns the coverage of a moved word by its new speaker', () => {
    const turns = [turn(0, 1.1, 'A'), turn(1.1, 9, 'B')];
    const words = ['Are', 'you', 'there?', 'Yes', 'I', 'am.'].map((text, i) => ({
      text,
      start: i * 0.3,
      end: (i + 1) * 0.3,
    }));
    const [, , , yes] = assignWords(words, turns, { snap: 'sentence' });
    expect(yes?.speaker).toBe('B');
    expect(yes?.coverage).toBeCloseTo(0.1 / 0.3, 6);
  });

  it('corrects more words with inaccurate times than it moves wrongly', () => {
    const random = seededRandom(11);
    const turns: Turn[] = [];
    const words: { text: string; start: number; end: number; truth: string }[] = [];
    let at = 0;
    for (let i = 0; i < 400; i++) {
      const truth = 'ABC'[Math.floor(random() * 3)] as string;
      const start = at;
      const count = 2 + Math.floor(random() * 12);
      for (let k = 0; k < count; k++) {
        const last = k === count - 1 || random() < 0.15;
        words.push({ text: last ? 'go.' : 'we', start: at, end: at + 0.25, truth });
        at += 0.3;
      }
      turns.push(turn(start, at, truth));
      at += 0.1;
    }
    // Off by up to 0.4 s, and much the same for neighbors.
    let drift = 0;
    const off = words.map(({ start, end, ...word }) => {
      drift = Math.max(-0.4, Math.min(0.4, drift + 0.3 * (random() - 0.5)));
      const from = Math.max(0, start + drift);
      return { ...word, start: from, end: from + (end - start) };
    });
    const wrong = (snap: 'none' | 'sentence') =>
      assignWords(off, turns, { snap }).filter(({ speaker, truth }) => speaker !== truth).length;
    expect(wrong('sentence')).toBeLessThan(0.6 * wrong('none'));
  });
});
