import { openAsBlob } from 'node:fs';
import { basename, resolve } from 'node:path';
import {
  collect,
  type Diarization,
  type DiarizeOptions,
  type Diarizer,
  openAudio,
  type SampleInput,
  type Turn,
} from 'voiceflow-ml/core';
import { type Score, type ScoredRecording, scoreDiarization } from 'voiceflow-ml/metrics';
import { asWav, type Recording, recordingsOf } from './recordings.ts';

/** The sample rate of the corpora. */
const RATE = 16_000;
/** Seconds between beginnings: together they differ in where windows start, of a quarter of a second and of two. */
const BEGIN_STEP = 0.31;

interface AccuracyOptions {
  /** Folders of recordings with RTTM files beside them. */
  readonly folders: readonly string[];
  /** Whether to pass the true number of speakers to the diarizer. Default: false. */
  readonly countKnown?: boolean;
  /** Repeats each recording this many times, to measure effects of long recordings. Default: 1. */
  readonly repeat?: number;
  /**
   * Measures each recording this many times, without its first 0, 0.31, 0.62 … seconds. The mean says more than one
   * measurement: which speakers are told apart may depend on where windows start. Default: 1.
   */
  readonly begins?: number;
  readonly signal?: AbortSignal;
  readonly onFile?: (folder: string, file: FileAccuracy) => void;
}

/** A recording without its first seconds; the reference's times are those without them. */
interface BegunRecording extends Recording {
  /** Seconds. */
  readonly begin: number;
}

export interface FileAccuracy extends Score {
  readonly name: string;
  readonly speakers: { readonly reference: number; readonly found: number };
  /** Seconds of audio. */
  readonly seconds: number;
  /** Real-time factor: time of the whole call divided by the audio's length. */
  readonly rtf: number;
}

export interface FolderAccuracy {
  readonly folder: string;
  readonly files: readonly FileAccuracy[];
  readonly total: Score;
  /** Mean of |found − true| and of found − true. */
  readonly countError: number;
  readonly countBias: number;
  readonly rtf: number;
}

/**
 * Diarizes folders with the same settings for all and scores the results: collar 0, overlap scored, all of the audio.
 * DER and JER in percent, times in seconds.
 * @throws VoiceFlowError of the diarizer; `invalid-option` for a folder without recordings.
 */
export async function accuracy(diarizer: Diarizer, options: AccuracyOptions): Promise<FolderAccuracy[]> {
  const result: FolderAccuracy[] = [];
  for (const folder of options.folders) {
    const files: FileAccuracy[] = [];
    const pairs: { reference: ScoredRecording; hypothesis: ScoredRecording }[] = [];
    for (const recording of await begunRecordings(folder, options.begins)) {
      const { diarization, rtf } = await diarize(diarizer, recording, options);
      const reference = { uri: recording.name, turns: repeated(recording, diarization.duration, options.repeat ?? 1) };
      const hypothesis = { uri: recording.name, turns: diarization.turns };
      pairs.push({ reference, hypothesis });
      const score = scoreDiarization(reference, hypothesis).files[recording.name]!;
      const { mapping: _, ...rates } = score;
      const speakers = { reference: speakersIn(recording), found: diarization.speakers.length };
      const file = { name: recording.name, ...rates, speakers, seconds: diarization.duration, rtf };
      files.push(file);
      options.onFile?.(folder, file);
    }
    result.push(summary(folder, files, pairs));
  }
  return result;
}

async function diarize(
  diarizer: Diarizer,
  recording: BegunRecording,
  { countKnown = false, repeat = 1, signal }: AccuracyOptions,
): Promise<{ diarization: Diarization; rtf: number }> {
  const file = await openAsBlob(await asWav(recording.audio));
  const { begin } = recording;
  const audio = repeat === 1 && begin === 0 ? file : await changedSamples(file, begin, repeat);
  const settings: DiarizeOptions = {
    numSpeakers: countKnown ? speakersIn(recording) : undefined,
    signal,
  };
  const startedAt = performance.now();
  const diarization = await diarizer.diarize(audio, settings);
  return { diarization, rtf: (performance.now() - startedAt) / 1000 / diarization.duration };
}

/** The recordings of a folder, each `begins` times. @throws Same as `recordingsOf`. */
async function begunRecordings(folder: string, begins = 1): Promise<BegunRecording[]> {
  const recordings = await recordingsOf(folder);
  return recordings.flatMap((recording) =>
    Array.from({ length: begins }, (_, i) => begunLater(recording, i * BEGIN_STEP)),
  );
}

function begunLater({ name, audio, reference }: Recording, begin: number): BegunRecording {
  if (begin === 0) return { name, audio, reference, begin };
  const later = reference.map((turn) => ({ ...turn, start: Math.max(0, turn.start - begin), end: turn.end - begin }));
  const heard = later.filter(({ start, end }) => end > start);
  return { name: `${name} from ${begin.toFixed(2)} s`, audio, reference: heard, begin };
}

/** The samples of a file without its first `begin` seconds, `repeat` times. */
async function changedSamples(file: Blob, begin: number, repeat: number): Promise<SampleInput> {
  const once = (await collect(await openAudio(file, { sampleRate: RATE }))).subarray(Math.round(begin * RATE));
  const samples = new Float32Array(once.length * repeat);
  for (let i = 0; i < repeat; i++) samples.set(once, i * once.length);
  return { samples, sampleRate: RATE };
}

function repeated({ reference }: Recording, duration: number, repeat: number): readonly Turn[] {
  const period = duration / repeat;
  return Array.from({ length: repeat }, (_, i) =>
    reference.map((turn) => ({ ...turn, start: turn.start + i * period, end: turn.end + i * period })),
  ).flat();
}

function speakersIn({ reference }: Recording): number {
  return new Set(reference.map((turn) => turn.speaker)).size;
}

function summary(
  folder: string,
  files: readonly FileAccuracy[],
  pairs: readonly { reference: ScoredRecording; hypothesis: ScoredRecording }[],
): FolderAccuracy {
  const { total } = scoreDiarization(
    pairs.map((pair) => pair.reference),
    pairs.map((pair) => pair.hypothesis),
  );
  const mean = (value: (file: FileAccuracy) => number) =>
    files.reduce((sum, file) => sum + value(file), 0) / files.length;
  const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
  return {
    folder: basename(resolve(folder)),
    files,
    total,
    countError: mean(({ speakers }) => Math.abs(speakers.found - speakers.reference)),
    countBias: mean(({ speakers }) => speakers.found - speakers.reference),
    rtf: files.reduce((sum, file) => sum + file.rtf * file.seconds, 0) / seconds,
  };
}
