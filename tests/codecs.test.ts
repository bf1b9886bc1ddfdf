import { existsSync, openAsBlob, readFileSync } from 'node:fs';
import { codecs } from '@voiceflow-ml/codecs';
import { describe, expect, it } from 'vitest';
import { collect, openAudio, openBytes, VoiceFlowError } from 'voiceflow-ml/core';
import { inProcess } from './server/harness.ts';

/** Files with known answers, kept outside the repository; its README explains the fields. */
const FOLDER = new URL('../../shared/badaudio/', import.meta.url);
const present = existsSync(new URL('verdicts.json', FOLDER));
const ABSENT = present ? '' : ' (skipped: ../shared/badaudio is absent)';
/** Hundreds of files a test: 6 s on a quiet machine, minutes on one that is full. */
const SLOW = 600_000;
/** Seconds by which boundaries may differ from FFmpeg's decoding. */
const NEAR = 0.02;

interface Summary {
  readonly ok: boolean;
  readonly rate: number;
  readonly frames: number;
  readonly capped?: boolean;
  readonly rms?: number | null;
  readonly first8?: readonly (readonly (number | string)[])[];
  readonly same_as?: string;
}

interface Entry {
  readonly verdict: 'ok' | 'reject' | 'either';
  readonly reason: string;
  readonly libsndfile: Summary;
  readonly ffmpeg: Summary;
}

const read = (name: string) => readFileSync(new URL(name, FOLDER));
const json = (name: string) => (present ? JSON.parse(read(name).toString()) : {});
const verdicts: Record<string, Entry> = json('verdicts.json').files ?? {};
const names = Object.keys(verdicts);
/** Hours of silence in a few kilobytes: minutes of work each, and no test or command reads them today. */
const BOMB = /bomb_/;

async function open(name: string, sampleRate = 16_000) {
  try {
    const blob = await openAsBlob(new URL(name, FOLDER));
    const source = await openAudio(blob, { sampleRate, decoders: codecs, nonFinite: 'replace' });
    return { samples: await collect(source), warnings: source.warnings };
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

/** What `codecs` takes, at the file's own rate. */
async function decode(name: string) {
  const bytes = read(name);
  const decoder = codecs.find((one) => one.sniff(bytes.subarray(0, 4096)));
  if (!decoder) return undefined;
  const source = await decoder.open(openBytes(bytes), {});
  return { rate: source.sampleRate, samples: await collect(source) };
}

const means = (channels: readonly (readonly (number | string)[])[] = []) =>
  (channels[0] ?? []).map((_, i) => channels.reduce((sum, all) => sum + Number(all[i]), 0) / channels.length);

const rms = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

/**
 * Files that FFmpeg reads and we do not, or otherwise: each is one that `verdicts.json` leaves open.
 * The first two begin with what no format begins with; the others have several rates, of which FFmpeg's summary counts
 * the samples without resampling.
 */
const OPEN = /aac_adts_len0|claxon\/fuzz|mp3_two_rates|ogg_chained_rates|latin1|garbage_before/;

describe('the server', () => {
  it('decodes MP3, Opus and MP4 as the body and in a form, with any name', async () => {
    const subject = await inProcess();
    const fixture = (name: string) =>
      new Uint8Array(readFileSync(new URL(`../packages/codecs/fixtures/${name}`, import.meta.url)));
    try {
      for (const name of ['talk.mp3', 'talk.opus', 'talk.m4a', 'video.webm']) {
        const form = new FormData();
        form.append('file', new Blob([fixture(name)]), 'recording.wav');
        for (const body of [fixture(name), form]) {
          const response = await subject.fetch('/v1/diarize', { method: 'POST', body });
          const answer = await response.json();
          expect(response.status, JSON.stringify(answer)).toBe(200);
          expect(answer.duration).toBeCloseTo(2, 1);
          expect(answer.speakers).toHaveLength(1);
        }
      }
      const broken = fixture('talk.m4a').subarray(0, 4_000);
      const response = await subject.fetch('/v1/diarize?channels=separate', { method: 'POST', body: broken });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ code: 'invalid-audio' });
    } finally {
      await subject.close();
    }
  });
});

describe.skipIf(!present)(`../shared/badaudio with codecs${ABSENT}`, { timeout: SLOW }, () => {
  it.each(['codecs', 'real'])(
    '%s: each file has its recorded verdict, and a code and a hint if it is rejected',
    async (folder) => {
      const failures: string[] = [];
      for (const name of names.filter((one) => one.startsWith(`${folder}/`) && !BOMB.test(one))) {
        const { verdict, reason, libsndfile, ffmpeg } = verdicts[name] as Entry;
        const result = await open(name);
        if (result.samples) {
          if (verdict === 'reject') failures.push(`${name}: read, but ${reason}`);
          if (!result.samples.every(Number.isFinite)) failures.push(`${name}: gave samples that are not finite`);
          continue;
        }
        if (!result.hint) failures.push(`${name}: refused without a hint: ${result.message}`);
        const empty = (libsndfile.ok && libsndfile.frames === 0) || (ffmpeg.ok && ffmpeg.frames === 0);
        if (verdict === 'ok' && !(empty && result.code === 'invalid-audio')) {
          failures.push(`${name}: ${result.message}, but ${reason}`);
        }
      }
      expect(failures).toEqual([]);
    },
  );

  it.each(['codecs', 'real'])('%s: starts and ends within 20 ms of FFmpeg’s output', async (folder) => {
    const failures: string[] = [];
    let compared = 0;
    for (const name of names.filter((one) => one.startsWith(`${folder}/`) && !BOMB.test(one) && !OPEN.test(one))) {
      const entry = verdicts[name] as Entry;
      const wanted = entry.ffmpeg.same_as ? entry.libsndfile : entry.ffmpeg;
      const got = wanted.ok && wanted.frames > 0 ? await decode(name).catch((error: Error) => error) : undefined;
      if (got === undefined) continue;
      compared++;
      if (got instanceof Error) failures.push(`${name}: ${got.message}`);
      else {
        const late = Math.abs(got.samples.length - wanted.frames) / wanted.rate;
        const first = means(wanted.first8);
        const loud = first.some((value) => Math.abs(value) > 1e-3);
        const aligned =
          !loud ||
          first.every((value, i) => Math.abs(value - (got.samples[i] ?? 0)) < 0.01 * Math.max(1, Math.abs(value)));
        if (got.rate !== wanted.rate || late > NEAR || !aligned) {
          failures.push(
            `${name}: ${got.samples.length} at ${got.rate} Hz; FFmpeg has ${wanted.frames} at ${wanted.rate}`,
          );
        }
      }
    }
    expect(failures).toEqual([]);
    expect(compared).toBeGreaterThan({ codecs: 90, real: 90 }[folder] ?? 0);
  });

  it('formats: every rate, channel count and encoding has the samples of FFmpeg', async () => {
    const expected: Record<string, { ffmpeg?: Summary } & Summary> = json('formats/expected.json');
    const files = Object.keys(expected).filter((name) => name !== '_about' && !name.endsWith('.wav'));
    const failures: string[] = [];
    for (const name of files) {
      const wanted = expected[name]?.ffmpeg ?? expected[name];
      const got = await decode(`formats/${name}`);
      if (!wanted || !got) failures.push(`${name}: was not read`);
      else {
        const late = Math.abs(got.samples.length - wanted.frames) / wanted.rate;
        if (got.rate !== wanted.rate || late > NEAR) failures.push(`${name}: ${got.samples.length} at ${got.rate} Hz`);
        if (!(rms(got.samples) > 0.01)) failures.push(`${name}: is silent`);
      }
    }
    expect(failures).toEqual([]);
    expect(files.length).toBeGreaterThan(80);
  });
});
