import { expect, it } from 'vitest';
import { DiarizationResult } from '../annotation/diarization.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { LiveOptions, RecordingDiarizer } from '../contract/live.ts';
import type { DiarizeOptions } from '../contract/options.ts';
import { conversation } from '../stages/fixtures/scripted.ts';
import { audioOf, listen, liveCnn, open, RATE } from './fixtures/live.ts';

const SECONDS = 20;
const samples = audioOf(conversation(2, SECONDS, 4), SECONDS);

/** Says of any audio that one voice speaks in its first half and another in its second. */
function halves(space: string) {
  const calls: { options: DiarizeOptions | undefined; heard: number; loudest: number }[] = [];
  const diarizer: RecordingDiarizer = {
    manifest: { space },
    async diarize(source, options) {
      let [heard, loudest] = [0, 0];
      for (let piece = await source.read(); piece; piece = await source.read()) {
        heard += piece.length;
        for (const x of piece) loudest = Math.max(loudest, x);
      }
      calls.push({ options, heard, loudest });
      const duration = heard / source.sampleRate;
      const embedding = Float32Array.of(1, 0);
      return new DiarizationResult({
        turns: [
          { start: 0, end: duration / 2, speaker: 'SPEAKER_00' },
          { start: duration / 2, end: duration, speaker: 'SPEAKER_01' },
        ],
        speakers: ['SPEAKER_00', 'SPEAKER_01'].map((label) => ({ label, seconds: duration / 2, embedding })),
        duration,
        model: { id: 'halves', version: '1', space },
        backend: 'paper',
        warnings: [{ code: 'format-questionable', message: 'a warning of its own' }],
        timings: { load: 0, decode: 1, model: 2, cluster: 3, total: 6 },
      });
    },
  };
  return { diarizer, calls };
}

async function ended(diarizer: RecordingDiarizer, options: Partial<LiveOptions>) {
  const session = open(liveCnn(), options);
  const { over } = listen(session);
  await session.push(samples);
  const result = await session.end({ recluster: diarizer });
  await over;
  return result;
}

it('diarizes all audio of the session, and keeps the live labels', async () => {
  const { diarizer, calls } = halves('another/1');
  const result = await ended(diarizer, { keepAudio: 60, maxSpeakers: 3 });
  expect(calls).toMatchObject([{ heard: samples.length, options: { maxSpeakers: 3 } }]);
  expect(calls[0]?.loudest).toBeCloseTo(
    samples.reduce((most, x) => Math.max(most, x), 0),
    3,
  );
  expect(result).toMatchObject({ backend: 'paper', model: { id: 'halves' }, duration: SECONDS });
  expect(result.turns.map(({ start, end }) => [start, end])).toEqual([
    [0, SECONDS / 2],
    [SECONDS / 2, SECONDS],
  ]);
  expect(result.warnings.map(({ code }) => code)).toEqual(['format-questionable']);
  const labels = new Set(result.speakers.map(({ label }) => label));
  expect(labels.size).toBe(2);
  for (const label of Object.values(result.labels)) expect(labels).toContain(label);
});

it('returns the empty result of a session without audio', async () => {
  const { diarizer, calls } = halves('another/1');
  const result = await open(liveCnn(), { keepAudio: 60 }).end({ recluster: diarizer });
  expect(result).toMatchObject({ turns: [], duration: 0, backend: 'scripted' });
  expect(result.warnings.map(({ code }) => code)).toEqual(['audio-silent']);
  expect(calls).toEqual([]);
});

it('keeps the events of the session if the diarizer fails', async () => {
  const { diarizer } = halves('another/1');
  const failing = { ...diarizer, diarize: () => Promise.reject(new VoiceFlowError('backend-failed', 'broken')) };
  const session = open(liveCnn(), { keepAudio: 60 });
  await session.push(samples);
  await expect(session.end({ recluster: failing })).rejects.toThrow('broken');
  const { events, over } = listen(session);
  await expect(over).rejects.toThrow('broken');
  expect(events.filter(({ type }) => type === 'turn-end').length).toBeGreaterThan(1);
});

it('does not wait for a diarizer that ignores an abort', async () => {
  const { diarizer } = halves('another/1');
  const stop = new AbortController();
  const session = open(liveCnn(), { keepAudio: 60, signal: stop.signal });
  await session.push(samples);
  const ended = session.end({ recluster: { ...diarizer, diarize: () => new Promise(() => stop.abort()) } });
  await expect(ended).rejects.toMatchObject({ code: 'aborted' });
});

it('passes known voices on only if the embedding spaces are equal', async () => {
  const length = liveCnn().network.dimensions;
  const embedding = Float32Array.from({ length }, (_, i) => (i === 0 ? 1 : 0));
  const known = [{ name: 'Ada', space: 'scripted/1', embedding }];
  for (const [space, passed] of [
    ['scripted/1', known],
    ['another/1', undefined],
  ] as const) {
    const { diarizer, calls } = halves(space);
    await ended(diarizer, { keepAudio: 60, known });
    expect(calls[0]?.options?.known).toEqual(passed);
  }
});

it('re-clusters without the audio if the session was longer than the limit, with a warning', async () => {
  const { diarizer, calls } = halves('another/1');
  const result = await ended(diarizer, { keepAudio: 5 });
  expect(calls).toEqual([]);
  expect(result.backend).toBe('scripted');
  expect(result.warnings.map(({ code }) => code)).toEqual(['audio-forgotten']);
  const session = open(liveCnn());
  await session.push(samples);
  expect((await session.end({ recluster: true })).turns).toEqual(result.turns);
});

it('rejects a diarizer if no audio is kept, and the session continues', async () => {
  const { diarizer } = halves('another/1');
  const session = open(liveCnn());
  await session.push(samples);
  await expect(session.end({ recluster: diarizer })).rejects.toMatchObject({
    code: 'invalid-option',
    hint: expect.stringContaining('keepAudio'),
  });
  await session.push(samples);
  expect((await session.end()).duration).toBe(2 * SECONDS);
});

it('reports a failure of the diarizer, and stops with the session', async () => {
  const failing: RecordingDiarizer = {
    manifest: { space: 'another/1' },
    diarize: () => Promise.reject(new Error('out of paper')),
  };
  await expect(ended(failing, { keepAudio: 60 })).rejects.toMatchObject({ code: 'backend-failed' });
  const session = open(liveCnn(), { keepAudio: 60 });
  await session.push(new Float32Array(RATE));
  const waiting: RecordingDiarizer = {
    manifest: { space: 'another/1' },
    diarize: (_, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      }),
  };
  const end = session.end({ recluster: waiting });
  end.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  await session.close();
  await expect(end).rejects.toMatchObject({ code: 'closed' });
});

it('names the range of keepAudio', () => {
  expect(() => open(liveCnn(), { keepAudio: -1 })).toThrow('keepAudio is -1, expected seconds from 0 to 14400');
});
