import { createHash } from 'node:crypto';
import { existsSync, openAsBlob, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { collect, openAudio, openBytes, VoiceFlowError, wavDecoder } from 'voiceflow-ml/core';

/** Files with known answers, kept outside the repository; its README explains the fields. */
const FOLDER = new URL('../../shared/badaudio/', import.meta.url);
const present = existsSync(new URL('verdicts.json', FOLDER));
const ABSENT = present ? '' : ' (skipped: ../shared/badaudio is absent)';

interface Summary {
  readonly ok: boolean;
  readonly rate: number;
  readonly channels: number;
  readonly frames: number;
  readonly sha256_mono16: string;
  readonly min?: number | string | null;
  readonly same_as?: string;
}

interface Entry {
  readonly verdict: 'ok' | 'reject' | 'either';
  readonly reason: string;
  readonly agree: boolean;
  readonly truth?: {
    readonly rate: number;
    readonly frames: number;
    readonly first8?: readonly (readonly (number | string)[])[];
  };
  readonly libsndfile: Summary;
  readonly ffmpeg: Summary;
}

const verdicts: Record<string, Entry> = present ? JSON.parse(read('verdicts.json').toString()).files : {};

/** Codecs inside WAV that both tools decode and core refuses by name. */
const COMPRESSED = /adpcm_no_byterate|gsm_6_10|mp3_audio\.wav|mp3_in_wav|other_adpcm|unsupported_format_code/;

function read(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/** The README's hash: 16-bit steps of the mono mix. */
function hash(samples: Float32Array): string {
  const steps = Int16Array.from(samples, (value) =>
    Number.isNaN(value) ? 0 : Math.min(32_767, Math.max(-32_768, Math.floor(value * 32_768 + 0.5))),
  );
  return createHash('sha256').update(new Uint8Array(steps.buffer)).digest('hex');
}

const isWav = (bytes: Uint8Array) => wavDecoder.sniff(bytes.subarray(0, 64));

/** What the decoder alone gives, at the file's own rate. */
async function decode(bytes: Uint8Array) {
  const source = await wavDecoder.open(openBytes(bytes), {});
  return { rate: source.sampleRate, samples: await collect(source) };
}

/** The code of the refusal, or the samples; anything else is a failure of the test. */
async function open(name: string, nonFinite: 'refuse' | 'replace' = 'refuse') {
  try {
    const source = await openAudio(await openAsBlob(new URL(name, FOLDER)), { sampleRate: 16_000, nonFinite });
    return { samples: await collect(source) };
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

const summaries = ({ libsndfile, ffmpeg }: Entry) =>
  [libsndfile, ffmpeg.same_as ? libsndfile : ffmpeg].filter((summary) => summary.ok);

/** Why an `ok` file may be refused by the contract: it has no samples, or some that are no numbers. */
function lawfulRefusal(name: string, entry: Entry, bytes: Uint8Array): string | undefined {
  const frames = entry.truth?.frames ?? summaries(entry)[0]?.frames;
  if (COMPRESSED.test(name) || !isWav(bytes)) return 'unsupported-format';
  if (frames === 0) return 'invalid-audio';
  return /nan|inf/i.test(name) && /NaN|Inf/.test(entry.reason) ? 'invalid-audio' : undefined;
}

const names = Object.keys(verdicts);
const folders = ['wav_ok', 'wav_bad', 'real', 'codecs'];

describe.skipIf(!present)(`../shared/badaudio${ABSENT}`, () => {
  it('is the expected set of files', () => {
    expect(names).toHaveLength(1_097);
    expect(new Set(names.map((name) => name.split('/')[0]))).toEqual(new Set(folders));
  });

  it.each(folders)(
    '%s: each file has its recorded verdict, finite samples, and a code if it is rejected',
    async (folder) => {
      const failures: string[] = [];
      for (const name of names.filter((one) => one.startsWith(`${folder}/`))) {
        const entry = verdicts[name] as Entry;
        const result = await open(name);
        const refusal = lawfulRefusal(name, entry, read(name));
        if (result.samples) {
          if (entry.verdict === 'reject') failures.push(`${name}: read, but ${entry.reason}`);
          if (!result.samples.every(Number.isFinite)) failures.push(`${name}: gave samples that are not finite`);
        } else {
          if (!result.code || !result.hint) failures.push(`${name}: refused without code or hint: ${result.message}`);
          if (entry.verdict === 'ok' && result.code !== refusal)
            failures.push(`${name}: ${result.message}, but ${entry.reason}`);
        }
      }
      expect(failures).toEqual([]);
    },
  );

  it.each(folders)(
    '%s: rate, frames and samples equal those of libsndfile and ffmpeg if both agree',
    async (folder) => {
      const failures: string[] = [];
      let compared = 0;
      for (const name of names.filter((one) => one.startsWith(`${folder}/`) && !COMPRESSED.test(one))) {
        const entry = verdicts[name] as Entry;
        const bytes = read(name);
        const wanted = entry.agree || entry.verdict === 'ok' ? summaries(entry) : [];
        if (!isWav(bytes) || wanted.length === 0) continue;
        compared++;
        const { rate, samples } = await decode(bytes);
        const sum = hash(samples);
        const match = wanted.some(
          (one) => one.rate === rate && one.frames === samples.length && one.sha256_mono16 === sum,
        );
        if (!match)
          failures.push(`${name}: ${samples.length} frames at ${rate} Hz, expected ${JSON.stringify(wanted)}`);
      }
      expect(failures).toEqual([]);
      expect(compared).toBeGreaterThan({ wav_ok: 190, wav_bad: 95, real: 140, codecs: 0 }[folder] ?? 0);
    },
  );

  it('wav_ok, wav_bad: rate, frames and first samples equal the constructed ones', async () => {
    const failures: string[] = [];
    for (const name of names) {
      const { truth, verdict } = verdicts[name] as Entry;
      const bytes = read(name);
      if (!truth || verdict !== 'ok' || !isWav(bytes)) continue;
      const { rate, samples } = await decode(bytes);
      const channels = truth.first8 ?? [];
      const means = (channels[0] ?? []).map(
        (_, i) => channels.reduce((sum, all) => sum + Number(all[i]), 0) / channels.length,
      );
      const near = means.every(
        (mean, i) => !Number.isFinite(mean) || Math.abs(mean - (samples[i] as number)) <= 1 / 32_768,
      );
      // Only the first 8 channels are listed, and only those of finite numbers.
      const listed = channels.length < 8 && Math.abs(means[0] ?? 0) < 1e9;
      if (rate !== truth.rate || samples.length !== truth.frames || (listed && !near)) {
        failures.push(
          `${name}: ${samples.length} frames at ${rate} Hz beginning ${samples.subarray(0, 8)}, expected ${JSON.stringify(truth)}`,
        );
      }
    }
    expect(failures).toEqual([]);
  });

  it('non-finite samples can be replaced as in the reference hashes', async () => {
    const finite = names.filter(
      (name) =>
        lawfulRefusal(name, verdicts[name] as Entry, read(name)) === 'invalid-audio' &&
        verdicts[name]?.libsndfile.frames,
    );
    expect(finite.length).toBeGreaterThan(4);
    for (const name of finite) {
      const { samples } = await open(name, 'replace');
      expect(samples && hash(samples), name).toBe(verdicts[name]?.libsndfile.sha256_mono16);
    }
  });

  it('formats: WAVs have the samples of the encoder', async () => {
    const expected: Record<string, Summary> = JSON.parse(read('formats/expected.json').toString());
    const wavs = Object.keys(expected).filter((name) => name.endsWith('.wav'));
    expect(wavs).toHaveLength(6);
    for (const name of wavs) {
      const { rate, samples } = await decode(read(`formats/${name}`));
      expect([rate, samples.length, hash(samples)]).toEqual([
        expected[name]?.rate,
        expected[name]?.frames,
        expected[name]?.sha256_mono16,
      ]);
    }
  });
});

/** How each kind of file that is no WAV must be named; the rest is named by what it is. */
const KINDS: readonly (readonly [RegExp, RegExp])[] = [
  [/\.flac$/, /FLAC/],
  [/\.(opus|ogg|oga)$/, /Ogg/],
  [/\.mp3$/, /MP3/],
  [/\.(m4a|mp4)$/, /M4A|MP4/],
  [/\.(webm|mka)$/, /Matroska or WebM/],
  [/\.aac$/, /AAC/],
  [/\.aif[fc]$/, /AIFF/],
  [/\.gz$/, /gzip/],
  [/\.zip$/, /ZIP/],
];

/** Files that do not begin with what their name says: junk, cuts, other formats. */
const MISNAMED =
  /junk_before|garbage_before|mid_frame|claxon\/fuzz|trunc_2\.|l3-nonstandard|ILL4|empty_file|invalid_file|incomplete|latin1|ogg_named/;

describe.skipIf(!present)(`files that are not WAV${ABSENT}`, () => {
  it('are rejected as unsupported, with the name of the format', async () => {
    const formats = Object.keys(JSON.parse(read('formats/expected.json').toString())).filter(
      (name) => name !== '_about',
    );
    const all = [...names, ...formats.map((name) => `formats/${name}`)].filter((name) => !isWav(read(name)));
    const failures: string[] = [];
    for (const name of all) {
      const { code, message = '' } = await open(name);
      if (name.startsWith('wav_bad/') && code === undefined) continue;
      const kind = MISNAMED.test(name) ? /./ : KINDS.find(([file]) => file.test(name))?.[1];
      if (code !== 'unsupported-format' || (kind && !kind.test(message))) failures.push(`${name}: ${code} ${message}`);
    }
    expect(failures).toEqual([]);
    expect(all.length).toBeGreaterThan(450);
  });
});
