import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzzInput, fuzzOnce } from './fixtures/fuzz.ts';

/** `npx tsx scripts/fuzz-audio.ts --file wav` runs more of them. */
const COUNT = 100_000;

describe('mutated WAVs', () => {
  // Most inputs end in an error, whose stack would take a third of the time.
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });

  it(`keep every promise of the reader on ${COUNT} inputs`, async () => {
    const failures: string[] = [];
    for (let seed = 0; seed < COUNT && failures.length < 5; seed++) {
      const problem = await fuzzOnce(seed);
      if (problem) failures.push(`seed ${seed}: ${problem}`);
    }
    expect(failures).toEqual([]);
  }, 600_000);

  it('are the same for the same seed', () => {
    expect(fuzzInput(123)).toEqual(fuzzInput(123));
    expect(new Set(Array.from({ length: 100 }, (_, seed) => fuzzInput(seed).join())).size).toBeGreaterThan(80);
  });
});
