import { expect, it } from 'vitest';
import { LiveSpeakers } from './speakers.ts';

const voice = (name: string, ...embedding: number[]) => {
  return { name, space: 's', embedding: Float32Array.from(embedding) };
};
const voices = {
  from: 2,
  to: 2,
  mean: new Float32Array(2),
  projection: Float32Array.of(1, 0, 0, 1),
  between: Float32Array.of(9, 9),
};
const options = { space: 's', voices, rules: { at: 0.5, width: 0.05 } };
const voiceOf = (...embedding: number[]) => ({ embedding: Float32Array.from(embedding), seconds: 10 });

it('reports if a merge brings a name, and keeps an existing name', () => {
  const speakers = new LiveSpeakers();
  const [first, second, third] = [speakers.add(0), speakers.add(0), speakers.add(0)];
  const all = new Map([
    [second, voiceOf(0, 1)],
    [third, voiceOf(1, 0)],
  ]);
  expect(speakers.recognize(all, [voice('Ada', 0, 1), voice('Bo', 1, 0)], options)).toEqual([second, third]);
  expect(speakers.merge(second, first)).toBe(true);
  expect(speakers.at(first).name).toBe('Ada');
  expect(speakers.merge(third, first)).toBe(false);
  expect(speakers.at(first).name).toBe('Ada');
});

it('assigns no name twice, and removes none', () => {
  const speakers = new LiveSpeakers();
  const [first, second] = [speakers.add(0), speakers.add(0)];
  expect(speakers.recognize(new Map([[first, voiceOf(0.8, 0.6)]]), [voice('Ada', 0, 1)], options)).toEqual([first]);
  const both = new Map([
    [first, voiceOf(0.8, 0.6)],
    [second, voiceOf(0, 1)],
  ]);
  expect(speakers.recognize(both, [voice('Ada', 0, 1)], options)).toEqual([]);
  expect([speakers.at(first).name, speakers.at(second).name]).toEqual(['Ada', undefined]);
});
