import { expect, it } from 'vitest';
import { LiveSpeakers } from './speakers.ts';

const voice = (name: string, ...embedding: number[]) => {
  return { name, space: 's', embedding: Float32Array.from(embedding) };
};

it('says when a merger brings a name, and keeps the one there is', () => {
  const speakers = new LiveSpeakers();
  const [first, second, third] = [speakers.add(0), speakers.add(0), speakers.add(0)];
  const heard = new Map([
    [second, Float32Array.of(0, 1)],
    [third, Float32Array.of(1, 0)],
  ]);
  speakers.recognise(heard, [voice('Ada', 0, 1), voice('Bo', 1, 0)], { space: 's', threshold: 0.5 });
  expect(speakers.merge(second, first)).toBe(true);
  expect(speakers.at(first).name).toBe('Ada');
  expect(speakers.merge(third, first)).toBe(false);
  expect(speakers.at(first).name).toBe('Ada');
});
