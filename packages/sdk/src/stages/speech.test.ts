import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnTracker } from './hysteresis.ts';
import { CERTAIN_SILENCE, SpeechMask } from './speech.ts';

const RULES = { speech: 0.5, shortestSilence: 3 };

function maskOf(speech: string, first = 0): SpeechMask {
  const mask = new SpeechMask(RULES, first);
  for (const c of speech) mask.push(c === '#' ? 0.9 : 0.1);
  return mask;
}

describe('SpeechMask', () => {
  it('removes silence from the activity of a window, wherever the window begins', () => {
    const mask = maskOf('##..#', 10);
    const activity = new Float32Array(16).fill(1);
    mask.apply(activity, 2, 9);
    // Frames 9 to 16: 12 and 13 are silent, 9 and what comes after 14 is unknown and counts as speech.
    expect([...activity]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(mask.known).toBe(15);
  });

  it('marks long silence as certain', () => {
    expect(maskOf('#..#...#....').silences(0, 14).join('')).toBe('00001110111100');
    expect(maskOf('#..#...#....', 5).silences(10, 14).join('')).toBe('1101');
  });

  it('marks exactly the frames of long enough runs as certain', () => {
    const frames = fc.array(fc.boolean(), { maxLength: 60 });
    const range = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(20));
    fc.assert(
      fc.property(frames, range, (speech, [first, from, length]) => {
        const mask = maskOf(speech.map((on) => (on ? '#' : '.')).join(''), first);
        const expected = Array.from({ length }, (_, i) => {
          const at = from + i - first;
          if (at < 0 || at >= speech.length || speech[at]) return 0;
          let start = at;
          let end = at;
          while (start > 0 && !speech[start - 1]) start--;
          while (end < speech.length && !speech[end]) end++;
          return end - start >= RULES.shortestSilence ? 1 : 0;
        });
        expect([...mask.silences(from, from + length)]).toEqual(expected);
      }),
      { seed: 1 },
    );
  });

  it('takes silence to be below its own threshold, if there is one', () => {
    const mask = new SpeechMask({ ...RULES, silence: 0.25 });
    for (const speech of [0.1, 0.1, 0.1, 0.9, 0.4, 0.4, 0.4, 0.9]) mask.push(speech);
    expect(mask.silences(0, 8).join('')).toBe('11100000');
    const activity = new Float32Array(8).fill(1);
    mask.apply(activity, 1, 0);
    expect([...activity]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('fuses the scores of known frames with their probabilities', () => {
    const mask = new SpeechMask({ ...RULES, fusion: { speech: 0.5, two: 0.5, second: 0.5 } }, 2);
    for (const [speech, two] of [[1, 1], [0.5, 0], [0]] as const) mask.push(speech, two);
    const scores = (frame: number, from = mask) => {
      const row = Float32Array.of(1, 0.5);
      from.fuse(frame, row, 0.5);
      return [...row];
    };
    expect([1, 2, 3, 4, 5].map((frame) => scores(frame))).toEqual([
      [1, 0.5],
      [1, 0.75],
      [0.75, 0.25],
      [0.5, 0.25],
      [1, 0.5],
    ]);
    expect(scores(0, mask.from(3, 0))).toEqual([0.75, 0.25]);
    expect(scores(2, maskOf('##', 2))).toEqual([1, 0.5]);
  });

  it('covers recordings of any length', () => {
    const mask = new SpeechMask(RULES);
    for (let i = 0; i < 50_000; i++) mask.push(i % 2);
    expect(mask.known).toBe(50_000);
    const activity = Float32Array.of(1, 1);
    mask.apply(activity, 1, 49_998);
    expect([...activity]).toEqual([0, 1]);
  });
});

it('certain silence ends a turn that a gap of the same length does not', () => {
  const turnsOf = (gap: number) => {
    const turns: [number, number][] = [];
    const rules = { onset: 0.5, offset: 0.5, shortestGap: 10, shortestTurn: 1 };
    const tracker = new TurnTracker(rules, ({ start, end }) => turns.push([start, end]));
    for (const score of [1, 1, gap, gap, 1]) tracker.push(Float32Array.of(score));
    tracker.end();
    return turns;
  };
  expect(turnsOf(0)).toEqual([[0, 5]]);
  expect(turnsOf(CERTAIN_SILENCE)).toEqual([
    [0, 2],
    [4, 5],
  ]);
});
