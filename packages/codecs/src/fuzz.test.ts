import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILES, fuzzOnce, mutant } from '../fixtures/fuzz.ts';
import { codecs } from './node.ts';

/** For each file; `npx tsx scripts/fuzz-audio.ts` runs more of them. */
const COUNT = 40;

describe('mutated files', () => {
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 4;
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });

  it.each(FILES)('%s: is decoded as far as possible, or rejected with a hint', async (name) => {
    const failures: string[] = [];
    for (let seed = 0; seed < COUNT; seed++) {
      const problem = await fuzzOnce(codecs, name, seed);
      if (problem) failures.push(`seed ${seed}: ${problem}`);
    }
    expect(failures).toEqual([]);
  });

  it('are the same for the same seed', () => {
    expect(mutant('talk.mp3', 5)).toEqual(mutant('talk.mp3', 5));
    expect(mutant('talk.mp3', 5)).not.toEqual(mutant('talk.mp3', 6));
  });
});
