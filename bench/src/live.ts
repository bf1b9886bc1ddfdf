import { openAsBlob } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Diarizer, type LiveDiarization, type LiveEvent, openAudio, type Turn } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { asWav, type Recording, recordingsOf } from './accuracy/recordings.ts';

interface LiveOptions {
  /** Folders of recordings with RTTM files beside them. */
  readonly folders: readonly string[];
  /** Seconds. */
  readonly latency: number;
  readonly step?: number;
  readonly signal?: AbortSignal;
  readonly onFile?: (folder: string, file: LiveFile) => void;
}

/** Results of one recording, diarized live and as a whole. DER in percent, with collar 0 and overlap scored. */
export interface LiveFile {
  readonly name: string;
  readonly live: number;
  readonly offline: number;
  /** DER of the live result after re-clustering the whole session. */
  readonly reclustered: number;
  /** Number of live speakers that were not merged into another, and of reference speakers. */
  readonly speakers: { readonly found: number; readonly reference: number };
  /**
   * Seconds of final turns; of those whose label `speaker-merged` changed later; of those that re-clustering assigned
   * to another speaker.
   */
  readonly finalSeconds: number;
  readonly renamed: number;
  readonly reassigned: number;
  /** Longest delay from the push of a turn's end to its `turn-end` event, in seconds of audio. */
  readonly latest: number;
}

export interface LiveFolder extends Omit<LiveFile, 'name' | 'speakers'> {
  readonly folder: string;
  readonly files: readonly LiveFile[];
}

/** The events and the result of a live session on a recording. */
interface LiveRun {
  /** Final turns, with the label that each has at the end of the session. */
  readonly turns: readonly { readonly turn: Turn; readonly speaker: string }[];
  readonly result: LiveDiarization;
  readonly latest: number;
}

const WAYS = ['live', 'offline', 'reclustered'] as const;
type Way = (typeof WAYS)[number];
type Rates = Pick<LiveFile, Way>;

/** A recording, and its turns by each way of diarizing. */
interface Outcome extends Readonly<Record<Way, readonly Turn[]>> {
  readonly recording: Recording;
}

/** Seconds of audio per push. */
const PIECE = 0.02;

/**
 * Diarizes folders live and as whole recordings. Live turns are scored with the labels that they have at the end of the
 * session, after all `speaker-merged` events.
 */
export async function measureLive(diarizer: Diarizer, options: LiveOptions): Promise<LiveFolder[]> {
  const { signal } = options;
  const result: LiveFolder[] = [];
  for (const folder of options.folders) {
    const files: LiveFile[] = [];
    const outcomes: Outcome[] = [];
    for (const recording of await recordingsOf(folder)) {
      const { turns: offline } = await diarizer.diarize(await openAsBlob(await asWav(recording.audio)), { signal });
      const run = await runLive(diarizer, recording, options);
      const live = run.turns.map(({ turn, speaker }) => ({ ...turn, speaker }));
      const outcome = { recording, live, offline, reclustered: run.result.turns };
      outcomes.push(outcome);
      const file = describe(recording, run, ratesOf([outcome]));
      files.push(file);
      options.onFile?.(folder, file);
    }
    const sum = (value: (file: LiveFile) => number) => files.reduce((total, file) => total + value(file), 0);
    result.push({
      folder: basename(resolve(folder)),
      files,
      ...ratesOf(outcomes),
      finalSeconds: sum(({ finalSeconds }) => finalSeconds),
      renamed: sum(({ renamed }) => renamed),
      reassigned: sum(({ reassigned }) => reassigned),
      latest: Math.max(...files.map(({ latest }) => latest)),
    });
  }
  return result;
}

async function runLive(diarizer: Diarizer, recording: Recording, options: LiveOptions): Promise<LiveRun> {
  const { sampleRate } = diarizer.manifest;
  const { latency, step, signal } = options;
  const source = await openAudio(await openAsBlob(await asWav(recording.audio)), { sampleRate, signal });
  const session = diarizer.open({ sampleRate, latency, step, signal });
  const turns: { turn: Turn; speaker: string }[] = [];
  let pushed = 0;
  let latest = 0;
  const apply = (event: LiveEvent) => {
    if (event.type === 'turn-end' && event.end > event.start) {
      turns.push({ turn: event, speaker: event.speaker });
      latest = Math.max(latest, pushed / sampleRate - event.end);
    } else if (event.type === 'speaker-merged') {
      for (const each of turns) if (each.speaker === event.from) each.speaker = event.into;
    }
  };
  const events = (async () => {
    for await (const event of session) apply(event);
  })();
  try {
    const piece = Math.round(PIECE * sampleRate);
    for (let samples = await source.read(); samples; samples = await source.read()) {
      for (let at = 0; at < samples.length; at += piece) {
        const part = samples.subarray(at, at + piece);
        pushed += part.length;
        await session.push(part);
      }
    }
    const result = await session.end({ recluster: true });
    await events;
    return { turns, result, latest };
  } finally {
    await session.close();
    await source.close();
  }
}

function describe(recording: Recording, { turns, result, latest }: LiveRun, rates: Rates): LiveFile {
  const length = ({ start, end }: Turn) => end - start;
  const sum = (chosen: readonly { turn: Turn }[]) => chosen.reduce((total, { turn }) => total + length(turn), 0);
  return {
    name: recording.name,
    ...rates,
    speakers: {
      found: new Set(turns.map(({ speaker }) => speaker)).size,
      reference: new Set(recording.reference.map(({ speaker }) => speaker)).size,
    },
    finalSeconds: sum(turns),
    renamed: sum(turns.filter(({ turn, speaker }) => turn.speaker !== speaker)),
    reassigned: turns.reduce((total, { turn }) => {
      const label = result.labels[turn.speaker];
      const kept = result.turns
        .filter(({ speaker }) => speaker === label)
        .reduce(
          (common, other) => common + Math.max(0, Math.min(other.end, turn.end) - Math.max(other.start, turn.start)),
          0,
        );
      return total + length(turn) - kept;
    }, 0),
    latest,
  };
}

/** DER of each way of diarizing, in percent. */
function ratesOf(outcomes: readonly Outcome[]): Rates {
  const reference = outcomes.map(({ recording }) => ({ uri: recording.name, turns: recording.reference }));
  const rates = WAYS.map((how) => {
    const hypothesis = outcomes.map((outcome) => ({ uri: outcome.recording.name, turns: outcome[how] }));
    return [how, scoreDiarization(reference, hypothesis).total.der ?? Number.NaN];
  });
  return Object.fromEntries(rates);
}
