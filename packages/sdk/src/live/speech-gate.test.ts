import { describe, expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import type { Turn } from '../contract/segment.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { analyze } from '../offline/analyze.ts';
import { diarize } from '../offline/diarize.ts';
import { sourceOf } from '../stages/fixtures/scripted.ts';
import { audioOf, eventsOf, finalTurns, listen, liveCnn, open, RATE } from './fixtures/live.ts';
import { NOISE, scriptedGate } from './fixtures/speech-gate.ts';
import { LiveSpeechGate } from './speech-gate.ts';

/** Two people with a pause of noise between them, which the scripted network takes for a third. */
const people: readonly Turn[] = [
  { start: 1, end: 4, speaker: '0' },
  { start: 12, end: 15, speaker: '1' },
  { start: 18, end: 21, speaker: '0' },
];
const noise: readonly Turn[] = [
  { start: 5, end: 11, speaker: NOISE },
  { start: 22, end: 24, speaker: NOISE },
];
const SECONDS = 26;
const samples = audioOf([...people, ...noise], SECONDS);

const gated = (...gate: Parameters<typeof scriptedGate>): FastCnnNetwork => {
  return { ...liveCnn(), gate: scriptedGate(...gate) };
};

const source = (chunk: number) => sourceOf(samples, RATE, chunk);

const request = { bounds: { least: 1, most: 100 }, known: [] };
const diarized = (cnn: FastCnnNetwork, from: AudioSource) =>
  diarize(
    () => cnn,
    (audio, how) => analyze(cnn, audio, how),
    from,
    request,
  );
const times = (turns: readonly { readonly start: number; readonly end: number }[]) =>
  turns.map(({ start, end }) => [Math.round(start), Math.round(end)]);

describe('the gate', () => {
  it('removes non-speech, and its speaker, from a recording', async () => {
    const without = await diarized(liveCnn(), source(1000));
    const { turns, speakers } = await diarized(gated(), source(1000));
    expect(without.speakers).toHaveLength(3);
    expect(speakers).toHaveLength(2);
    expect(times(turns)).toEqual(times(people));
  });

  it('does not depend on the chunk sizes of a recording', async () => {
    const [one, other] = await Promise.all([777, 100_000].map((chunk) => diarized(gated(), source(chunk))));
    expect(one?.turns).toEqual(other?.turns);
  });

  it('runs batches of windows if its manifest says so, with the same result', async () => {
    const [one, four] = [{ count: 0 }, { count: 0 }];
    const alone = await diarized(gated(one), source(1000));
    expect((await diarized(gated(four, { batch: 4 }), source(1000))).turns).toEqual(alone.turns);
    expect(four.count).toBe(Math.ceil(one.count / 4));
    expect(one.count).toBeGreaterThan(4);
  });

  it('removes it from a live session', async () => {
    const session = open(gated());
    const events = await eventsOf(session, samples);
    const turns = events.flatMap((event) => (event.type === 'turn-end' && event.end > event.start ? [event] : []));
    expect(times(turns)).toEqual(times(people));
  });

  it('gives a re-clustered session the turns of a recording, whatever the gate returned for a frame at first', async () => {
    // Two seconds late: a live session with a latency of one second hears nobody.
    const late = gated(undefined, { blind: 100 });
    const session = open(late);
    const { events, over } = listen(session);
    await session.push(samples);
    const { turns } = await session.end({ recluster: true });
    await over;
    expect(finalTurns(events)).toEqual([]);
    expect(times(turns)).toEqual(times(people));
    expect(times(turns)).toEqual(times((await diarized(late, source(1000))).turns));
  });

  it('does not depend on the chunk sizes of a live session', async () => {
    const sizes = [100, 3333, 20_000, 7, 50_000];
    expect(await eventsOf(open(gated()), samples, sizes)).toEqual(await eventsOf(open(gated()), samples));
  });

  it('runs its network twice per second in a live session, not for each window', async () => {
    const runs = { count: 0 };
    await eventsOf(open(gated(runs), { step: 0.25 }), samples);
    expect(runs.count).toBeGreaterThan(SECONDS * 1.8);
    expect(runs.count).toBeLessThan(SECONDS * 2.2);
  });
});

describe('LiveSpeechGate', () => {
  it('covers the latest frames, also at the beginning of a session', async () => {
    const gate = new LiveSpeechGate(scriptedGate(), RATE, 0.02);
    const { signal } = new AbortController();
    gate.push(samples.subarray(0, 2 * RATE));
    const young = await gate.run(100, signal);
    expect([young?.start, young?.speech.length]).toEqual([0, 99]);
    // The first second is silent.
    expect(young?.speech.findIndex((p) => p > 0.5)).toBe(50);
    gate.push(samples.subarray(2 * RATE, 14 * RATE));
    const later = await gate.run(700, signal);
    expect([later?.start, later?.speech.length]).toEqual([199, 500]);
    expect(later?.speech[200 - 199 - 1]).toBeGreaterThan(0.5);
    expect(later?.speech[250 - 199]).toBeLessThan(0.5);
    expect(later?.speech[650 - 199]).toBeGreaterThan(0.5);
  });
});
