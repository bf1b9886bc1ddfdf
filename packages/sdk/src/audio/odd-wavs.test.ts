import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { openBytes } from './bytes.ts';
import { mono16Hash, oddWavs, type Reading, type Verdict } from './fixtures/odd-wavs.ts';
import { collect } from './open.ts';
import { wavDecoder } from './wav.ts';

/** What libsndfile and ffmpeg say of each file. */
const VERDICTS: Readonly<Record<string, Verdict>> = JSON.parse(
  readFileSync(new URL('./fixtures/odd-wavs.json', import.meta.url), 'utf8'),
);

/** Where both tools say one thing and we another, with the reason. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'mutant-92': 'doubles beyond float32',
  'mutant-108': 'doubles beyond float32',
  'mutant-282': 'doubles beyond float32',
  'mutant-366': 'RF64 whose ds64 chunk is unreadable: what is there is read',
};

/** What we read; a refusal must have a code and a hint. */
async function read(bytes: Uint8Array<ArrayBuffer>): Promise<Reading | undefined> {
  if (!wavDecoder.sniff(bytes.subarray(0, 64))) return undefined;
  try {
    const source = await wavDecoder.open(openBytes(bytes), {});
    const samples = await collect(source);
    return [source.sampleRate, samples.length, mono16Hash(samples)];
  } catch (error) {
    if (!VoiceFlowError.isInstance(error) || error.hint === undefined) throw error;
    return undefined;
  }
}

/** A file without a sample is as good as a refused one: `openAudio` refuses it. */
const shown = (reading: Reading | 'reject' | undefined) =>
  reading === undefined || reading === 'reject' || reading[1] === 0 ? 'reject' : reading.join(' ');

describe('unusual, truncated and damaged WAVs', () => {
  const files = [...oddWavs()];

  it('are the files of the recorded verdicts', () => {
    expect(files.map(([name]) => name)).toEqual(Object.keys(VERDICTS));
    const agreed = Object.values(VERDICTS).filter((verdict) => verdict === 'reject' || Array.isArray(verdict));
    expect(agreed.length).toBeGreaterThan(400);
    expect(agreed.filter((verdict) => verdict !== 'reject').length).toBeGreaterThan(80);
  });

  it('decode to the samples of libsndfile and ffmpeg, and are rejected if both reject them', async () => {
    const failures: string[] = [];
    for (const [name, bytes] of files) {
      const verdict = VERDICTS[name] as Verdict;
      if (typeof verdict !== 'string' && !Array.isArray(verdict)) continue;
      const own = shown(await read(bytes));
      const expected = shown(verdict as Reading | 'reject');
      if (own === expected ? DIFFERENT[name] !== undefined : DIFFERENT[name] === undefined)
        failures.push(`${name}: ${own}, expected ${expected}`);
    }
    expect(failures).toEqual([]);
  });

  it('are rejected with a code and a hint, or have the length of either tool, where the tools differ', async () => {
    const failures: string[] = [];
    for (const [name, bytes] of files) {
      const verdict = VERDICTS[name] as Verdict;
      if (typeof verdict === 'string' || Array.isArray(verdict)) continue;
      const own = await read(bytes);
      const { libsndfile, ffmpeg } = verdict as Exclude<Verdict, 'reject' | Reading>;
      const counts = [libsndfile, ffmpeg].map((one) => (one === 'reject' ? 0 : one[1]));
      if (!counts.includes(own?.[1] ?? 0)) failures.push(`${name}: ${own}, expected ${counts}`);
    }
    expect(failures).toEqual([]);
  });
});
