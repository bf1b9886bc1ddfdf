import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Annotation, collect, invalidOption, openAudio, Timeline } from 'voiceflow-ml/core';
import { asWav, recordingsOf } from '../accuracy/recordings.ts';

const RATE = 16_000;
/** Shortest labeled piece that is used, in seconds. */
export const SHORTEST = 0.3;

/** A segment of one person's speech in a file. */
export interface Piece {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A person with separate recordings, each made of pieces. */
export interface Person {
  readonly name: string;
  /** The corpus, if the index names it: people of one corpus were recorded in the same way. */
  readonly corpus?: string | undefined;
  readonly recordings: readonly (readonly Piece[])[];
}

/**
 * Reads who speaks where. The index is one of:
 * - a tab-separated file of pieces, with the columns `file start_s end_s speaker … utt`. Pieces with the same `utt` are
 *   one recording. The audio lies beside the file.
 * - a tab-separated file of trials, with the columns `len_s … file_a start_a file_b start_b spk_a spk_b`. Each side is
 *   a recording; only the longest length is used. The audio lies in a folder of the same name.
 * - a folder of labeled recordings. The segments in which a speaker talks alone are a recording of that person.
 */
export async function readPeople(index: string): Promise<Person[]> {
  const file = await stat(index).catch(() => {
    throw invalidOption(`${index} does not exist`);
  });
  if (file.isDirectory()) return labeledPeople(index);
  const [heading = '', ...lines] = (await readFile(index, 'utf8')).trimEnd().split('\n');
  const names = heading.split('\t');
  const rows = lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i] ?? '', value])));
  const people = new Map<string, Map<string, Piece[]>>();
  const corpora = new Map<string | undefined, string | undefined>();
  const add = (speaker = '', recording: string, piece: Piece) => {
    const own = people.get(speaker) ?? new Map<string, Piece[]>();
    people.set(speaker, own.set(recording, [...(own.get(recording) ?? []), piece]));
  };
  if (names.includes('utt')) {
    for (const { file = '', start_s, end_s, speaker, utt = '', corpus } of rows) {
      corpora.set(speaker, corpus);
      add(speaker, utt, { file: join(dirname(index), file), start: Number(start_s), end: Number(end_s) });
    }
  } else if (names.includes('spk_a')) {
    const longest = Math.max(...rows.map(({ len_s }) => Number(len_s)));
    const side = (speaker = '', file = '', from = '0') => {
      const start = Number(from);
      const piece = { file: join(index.replace(/\.tsv$/, ''), file), start, end: start + longest };
      const key = `${file} ${from}`;
      if (!people.get(speaker)?.has(key)) add(speaker, key, piece);
    };
    for (const row of rows.filter(({ len_s }) => Number(len_s) === longest)) {
      side(row.spk_a, row.file_a, row.start_a);
      side(row.spk_b, row.file_b, row.start_b);
      // The corpus of a pair of different people may be that of one of them, or "cross".
      if (row.spk_a === row.spk_b) corpora.set(row.spk_a, row.corpus);
    }
  } else throw invalidOption(`${index} is neither an index of speech nor a list of trials`);
  return [...people].map(([name, recordings]) => ({
    name,
    corpus: corpora.get(name),
    recordings: [...recordings.values()],
  }));
}

async function labeledPeople(folder: string): Promise<Person[]> {
  const people = new Map<string, Piece[][]>();
  for (const { audio, reference } of await recordingsOf(folder)) {
    const alone = new Annotation(reference);
    for (const speaker of new Set(reference.map((turn) => turn.speaker))) {
      const others = new Timeline(reference.filter((turn) => turn.speaker !== speaker));
      const own = new Timeline(alone.turns.filter((turn) => turn.speaker === speaker)).extrude(others);
      const pieces = [...own].filter(({ start, end }) => end - start >= SHORTEST);
      if (pieces.length === 0) continue;
      const known = people.get(speaker) ?? [];
      people.set(speaker, [...known, pieces.map(({ start, end }) => ({ file: audio, start, end }))]);
    }
  }
  return [...people].map(([name, recordings]) => ({ name, recordings }));
}

/** Reads pieces as samples, with a cache of decoded files. */
export class SpeechReader {
  readonly #files = new Map<string, Promise<Float32Array>>();

  async read(recordings: readonly (readonly Piece[])[]): Promise<{ samples: Float32Array; sampleRate: number }> {
    const parts: Float32Array[] = [];
    for (const { file, start, end } of recordings.flat()) {
      const samples = await this.#file(file);
      parts.push(samples.subarray(Math.round(start * RATE), Math.round(end * RATE)));
    }
    return { samples: joined(parts), sampleRate: RATE };
  }

  #file(path: string): Promise<Float32Array> {
    const known = this.#files.get(path);
    if (known) return known;
    if (this.#files.size > 40) this.#files.clear();
    const samples = asWav(path).then(async (wav) => {
      const source = await openAudio(await openAsBlob(wav), { sampleRate: RATE });
      return collect(source);
    });
    this.#files.set(path, samples);
    return samples;
  }
}

/** The parts one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function secondsOf(recordings: readonly (readonly Piece[])[]): number {
  return recordings.flat().reduce((sum, { start, end }) => sum + end - start, 0);
}
