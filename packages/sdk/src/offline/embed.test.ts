import { describe, expect, it } from 'vitest';
import { embedSpans } from './embed.ts';

const silence = {
  windows: 0,
  frames: 10,
  slots: 1,
  dimensions: 2,
  startOf: () => 0,
  activity: () => new Float32Array(10),
  embedding: () => undefined,
};
const embed = (start: number, end: number) =>
  embedSpans({ mean: new Float32Array(2), frame: 0.1 }, silence, [{ start, end }], 1);

describe('embedSpans', () => {
  it('says where there is no speech, and that a segment begins after the end of the recording', () => {
    expect(() => embed(0.5, 5)).toThrow('no speech between 0.5 s and 1 s');
    for (const start of [1, 5]) expect(() => embed(start, 1e7)).toThrow('the recording ends at 1 s');
  });
});
