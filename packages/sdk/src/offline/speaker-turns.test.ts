import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SpeakerBounds } from '../contract/options.ts';
import type { Turn } from '../contract/segment.ts';
import { fastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { scoreDiarization } from '../metrics/score.ts';
import { conversation, manifest, RATE, script, scriptedModel } from '../stages/fixtures/scripted.ts';
import { analyze } from './analyze.ts';
import { solve } from './speaker-turns.ts';
import type { Solution } from './types.ts';

const ANY: SpeakerBounds = { least: 1, most: 100 };

async function prepared(turns: readonly Turn[], seconds: number, noise = 0.08) {
  const samples = script(turns, seconds);
  const cnn = fastCnnNetwork(manifest(), scriptedModel({ noise }));
  let done = false;
  const source = {
    sampleRate: RATE,
    warnings: [],
    read: async () => {
      if (done) return null;
      done = true;
      return samples;
    },
    close: async () => {},
  };
  const { local, duration } = await analyze(cnn, source, {});
  return (bounds: SpeakerBounds, end = duration): Solution => solve(cnn, local, end, { bounds, known: [] });
}

const partition = ({ turns }: Solution) => turns.map(({ start, end, speaker }) => `${start} ${end} ${speaker}`);

/** Recordings of which some are easy and in some the voices run into one another. */
const recordings = fc.record({
  speakers: fc.integer({ min: 1, max: 6 }),
  seconds: fc.integer({ min: 8, max: 60 }),
  seed: fc.nat(10_000),
  noise: fc.constantFrom(0.05, 0.15, 0.3),
});

describe('solve', () => {
  it('finds who spoke when, including overlap, for clear voices', async () => {
    for (const speakers of [1, 2, 4, 6]) {
      const reference = conversation(speakers, 70, speakers);
      const { turns, warnings } = (await prepared(reference, 70))(ANY);
      const { total } = scoreDiarization(reference, turns);
      expect(new Set(turns.map((turn) => turn.speaker)).size).toBe(speakers);
      expect(total.der).toBeLessThan(6);
      expect(warnings).toEqual([]);
    }
  });

  it('does not count a speaker who speaks only in the silence that pads the last window', async () => {
    const run = await prepared(
      [
        { start: 0, end: 9, speaker: '0' },
        { start: 9.2, end: 12, speaker: '1' },
      ],
      12,
    );
    expect(run({ least: 2, most: 2 }, 12).speakers).toHaveLength(2);
    const { turns, speakers, warnings } = run({ least: 2, most: 2 }, 9.1);
    expect(new Set(turns.map(({ speaker }) => speaker)).size).toBe(1);
    expect(speakers).toHaveLength(1);
    expect(warnings).toMatchObject([{ code: 'speaker-count-unreached' }]);
  });

  it('returns the same partition if exactly the number found is requested', async () => {
    const law = fc.asyncProperty(recordings, async ({ speakers, seconds, seed, noise }) => {
      const run = await prepared(conversation(speakers, seconds, seed), seconds, noise);
      const free = run(ANY);
      const count = free.speakers.length;
      expect(partition(run({ least: count, most: count }))).toEqual(partition(free));
    });
    await fc.assert(law, { seed: 1, numRuns: 25 });
  });

  it('is not changed by a bound that does not bind', async () => {
    const law = fc.asyncProperty(recordings, fc.nat(6), fc.nat(60), async (recording, below, above) => {
      const { speakers, seconds, seed, noise } = recording;
      const run = await prepared(conversation(speakers, seconds, seed), seconds, noise);
      const free = run(ANY);
      const count = free.speakers.length;
      const bounds = { least: Math.max(1, count - below), most: Math.min(100, count + above) };
      expect(partition(run(bounds))).toEqual(partition(free));
    });
    await fc.assert(law, { seed: 2, numRuns: 25 });
  });

  it('obeys the requested count, or warns', async () => {
    const law = fc.asyncProperty(
      recordings,
      fc.integer({ min: 1, max: 9 }),
      fc.nat(5),
      async (recording, least, more) => {
        const { speakers, seconds, seed, noise } = recording;
        const run = await prepared(conversation(speakers, seconds, seed), seconds, noise);
        const { speakers: found, warnings } = run({ least, most: least + more });
        expect(found.length).toBeLessThanOrEqual(least + more);
        const told = warnings.some(({ code }) => code === 'speaker-count-unreached');
        expect(told).toBe(found.length < least);
      },
    );
    await fc.assert(law, { seed: 3, numRuns: 40 });
  });

  it('returns well-formed results', async () => {
    const law = fc.asyncProperty(recordings, async ({ speakers, seconds, seed, noise }) => {
      const solution = (await prepared(conversation(speakers, seconds, seed), seconds, noise))(ANY);
      const { turns, speakers: voices } = solution;
      expect(voices.map(({ label }) => label)).toEqual([...new Set(turns.map(({ speaker }) => speaker))]);
      for (const [i, { start, end, confidence = -1 }] of turns.entries()) {
        expect(start).toBeGreaterThanOrEqual(turns[i - 1]?.start ?? 0);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(seconds);
        expect(confidence).toBeGreaterThan(0);
        expect(confidence).toBeLessThan(1);
      }
      for (const { label, seconds: spoken, embedding } of voices) {
        const own = turns.filter(({ speaker }) => speaker === label);
        expect(spoken).toBeCloseTo(
          own.reduce((sum, turn) => sum + turn.end - turn.start, 0),
          6,
        );
        expect(embedding.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 4);
      }
    });
    await fc.assert(law, { seed: 4, numRuns: 20 });
  });

  it('finds no fewer speakers when more are requested than can be distinguished', async () => {
    const law = fc.asyncProperty(recordings, async ({ speakers, seconds, seed, noise }) => {
      const run = await prepared(conversation(speakers, seconds, seed), seconds, noise);
      const found = run(ANY).speakers.length;
      expect(run({ least: 99, most: 99 }).speakers.length).toBeGreaterThanOrEqual(found);
      expect(run({ least: 99, most: 100 }).speakers.length).toBeGreaterThanOrEqual(found);
    });
    await fc.assert(law, { seed: 5, numRuns: 20 });
  });

  it('finds no speakers in silence, and warns', async () => {
    const { turns, speakers, warnings } = (await prepared([], 5))({ least: 2, most: 2 });
    expect([turns, speakers]).toEqual([[], []]);
    expect(warnings.map(({ code }) => code)).toEqual(['audio-silent', 'speaker-count-unreached']);
  });
});
