import { describe, expect, it } from 'vitest';
import { toVtt } from '../annotation/vtt.ts';
import type { Turn } from '../contract/segment.ts';
import { assignWords } from './assign-words.ts';
import { groupWords } from './group-words.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });
const word = (start: number, end: number, text = 'w') => ({ start, end, text });

describe('groupWords', () => {
  const words = [
    word(0, 0.4, 'Good'),
    word(0.5, 1, 'morning.'),
    { text: 'Yes', start: null },
    word(1.2, 1.6, 'Hi'),
    word(9, 9.5, 'there.'),
  ];
  const assigned = assignWords(words, [turn(0, 1.1, 'A'), turn(1.1, 10, 'B')]);

  it('splits utterances at speaker changes and pauses', () => {
    expect(groupWords(assigned).map(({ start, end, speaker, text }) => [start, end, speaker, text])).toEqual([
      [0, 1, 'A', 'Good morning.'],
      [1.2, 1.6, 'B', 'Yes Hi'],
      [9, 9.5, 'B', 'there.'],
    ]);
    expect(groupWords(assigned, { maxPause: 10 }).map(({ words }) => words.length)).toEqual([2, 3]);
    expect(groupWords(assigned, { maxSeconds: 0.6 }).map(({ text }) => text)).toEqual([
      'Good',
      'morning.',
      'Yes Hi',
      'there.',
    ]);
  });

  it('joins words that include blanks, have the key `word`, or a custom key', () => {
    const turns = [turn(0, 9, 'A')];
    const whisper = [' Hel', 'lo', ' you'].map((text, i) => ({ ...word(i, i + 1), text }));
    expect(groupWords(assignWords(whisper, turns))[0]?.text).toBe('Hello you');
    const named = [
      { word: 'Hello', start: 0, end: 1 },
      { word: 'you', start: 1, end: 2 },
    ];
    expect(groupWords(assignWords(named, turns))[0]?.text).toBe('Hello you');
    const other = [{ punctuated: 'Hello,', start: 0, end: 1 }];
    expect(groupWords(assignWords(other, turns), { text: (item) => item.punctuated })[0]?.text).toBe('Hello,');
  });

  it('adds no blank in languages without blanks, nor before punctuation, decided by the majority of words', () => {
    const say = (...texts: string[]) =>
      groupWords(
        assignWords(
          texts.map((text, i) => ({ ...word(i, i + 1), text })),
          [turn(0, 9, 'A')],
        ),
      )[0]?.text;
    expect(say('你', '好', '，', '世', '界', '。')).toBe('你好，世界。');
    expect(say('Hello', ',', 'Ann', '.')).toBe('Hello, Ann.');
    expect(say('Good ', 'morning', 'everyone', 'here')).toBe('Good morning everyone here');
    expect(say('สวัสดี', 'ครับ')).toBe('สวัสดีครับ');
    expect(say('使う', 'Python', 'で')).toBe('使う Python で');
  });

  it('treats a word that ends before it starts as having no duration', () => {
    const [utterance] = groupWords(assignWords([{ text: 'odd', start: 2, end: 1.98 }], [turn(0, 9, 'A')]));
    expect(utterance).toMatchObject({ start: 2, end: 2, speaker: 'A' });
  });

  it('groups subtitles', () => {
    expect(toVtt(groupWords(assigned))).toContain('\n00:00:00.000 --> 00:00:01.000\n<v A>Good morning.\n');
    expect(groupWords([])).toEqual([]);
  });
});
