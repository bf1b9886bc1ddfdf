import { describe, expect, it } from 'vitest';
import { CERTAIN_SILENCE, SpeechMask } from '../stages/speech.ts';
import { markSpeech, RecentSpeech } from './speech.ts';

const RULES = { speech: 0.5, shortestSilence: 2, overlap: 0.5 };
const turns = { onset: 0.75, overlap: { least: 0.25 } };

describe('markSpeech', () => {
  it('activates the second speaker where two speak, and no one in certain silence', () => {
    const mask = new SpeechMask(RULES, 4);
    for (const [speech, two] of [
      [1, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ] as const)
      mask.push(speech, two);
    const scores = new Map([
      [3, Float32Array.of(0.5, 0.5, 0.5, 0.5)],
      [1, Float32Array.of(1, 1, 1, 1)],
    ]);
    markSpeech(scores, mask, 4, 8, turns);
    expect([...(scores.get(1) as Float32Array)]).toEqual([1, 1, CERTAIN_SILENCE, CERTAIN_SILENCE]);
    const [alone, both, ...silent] = scores.get(3) as Float32Array;
    expect(alone).toBe(0.5);
    expect(both).toBeGreaterThan(0.75);
    expect(silent).toEqual([CERTAIN_SILENCE, CERTAIN_SILENCE]);
  });

  it('raises no score without the gate’s overlap rule', () => {
    const mask = new SpeechMask(RULES);
    mask.push(1, 1);
    const scores = new Map([
      [0, Float32Array.of(0.5)],
      [1, Float32Array.of(1)],
    ]);
    markSpeech(scores, mask, 0, 1, { onset: 0.75 });
    expect(scores.get(0)?.[0]).toBe(0.5);
  });
});

describe('RecentSpeech', () => {
  it('averages the probabilities of all runs that cover a frame', () => {
    const recent = new RecentSpeech(RULES);
    recent.add({ start: 2, speech: Float32Array.of(1, 1), two: Float32Array.of(0.5, 1) });
    recent.add({ start: 3, speech: Float32Array.of(1, 1), two: Float32Array.of(0.5, 0) });
    const overlapped = () => [2, 3, 4].filter((frame) => recent.mask().overlapped(frame));
    expect(overlapped()).toEqual([3]);
    // The next runs begin at 3 and 4: of what lies before them, nothing more is heard.
    for (const [start, found] of [
      [3, [3]],
      [4, []],
    ] as const) {
      recent.add({ start, speech: new Float32Array(0), two: new Float32Array(0) });
      expect(overlapped()).toEqual(found);
    }
  });

  it('keeps the means of past frames until they are dropped', () => {
    const recent = new RecentSpeech({ speech: 0.5, shortestSilence: 1 });
    recent.add({ start: 0, speech: Float32Array.of(0, 1, 0, 1), two: new Float32Array(4) });
    recent.add({ start: 1, speech: Float32Array.of(0, 1, 1, 0), two: new Float32Array(4) });
    recent.add({ start: 3, speech: Float32Array.of(0, 0), two: new Float32Array(2) });
    const silences = () => [...recent.mask(0).silences(0, 5)];
    expect(silences()).toEqual([1, 0, 0, 0, 1]);
    recent.forget(2);
    expect([...recent.mask(2, 0).silences(0, 3)]).toEqual([0, 0, 1]);
    // Nothing that is still heard is forgotten.
    recent.forget(5);
    expect([...recent.mask(3, 0).silences(0, 2)]).toEqual([0, 1]);
  });
});
