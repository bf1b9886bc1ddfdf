import { VoiceFlowError } from '../contract/errors.ts';
import type { KnownVoice } from '../contract/options.ts';
import { assignment } from '../stages/hungarian.ts';

export interface MatchOptions {
  /** The embedding space of the vectors to be named; every voice must be of it. */
  readonly space: string;
  /** Least cosine for a name. It depends on the weights: take it from the model's settings. */
  readonly threshold: number;
  /** Least lead over the next voice that is still to be had. Default 0. */
  readonly margin?: number;
  /** One name for one vector at most. Default true; false lets several vectors be the same voice. */
  readonly unique?: boolean;
}

export interface VoiceMatch {
  /** Absent: unknown. */
  readonly name?: string;
  /** Cosine with the voice named or, for an unknown one, with the nearest; −1 where there are no voices. */
  readonly score: number;
}

/**
 * Names for several speakers of one recording. Names are given one to one so that the sum of what the cosines exceed
 * the threshold by is largest: two speakers never get one name, unless `unique` is false. A speaker stays unknown below
 * the threshold, or where a name that nobody got comes closer than `margin`. Several voices of one name count as one.
 *
 * @param embeddings One vector a speaker, of the voices' dimension.
 * @returns For each vector its match.
 * @throws VoiceFlowError `invalid-option` for a voice of another space or dimension, or a broken vector.
 */
export function matchVoices(
  embeddings: readonly Float32Array[],
  voices: readonly KnownVoice[],
  options: MatchOptions,
): VoiceMatch[] {
  const { threshold, margin = 0, unique = true } = options;
  checkRange('threshold', threshold, -1, 1);
  checkRange('margin', margin, 0, 2);
  checkVoices(voices, options.space, embeddings[0]?.length);
  const names = [...new Set(voices.map((voice) => voice.name))];
  return assignNames(scoresOf(embeddings, voices, names), names, { threshold, margin, unique });
}

/** Names by scores, `[speakers][names]`, whatever they count: see `matchVoices`. */
export function assignNames(
  scores: readonly (readonly number[])[],
  names: readonly string[],
  {
    threshold,
    margin,
    unique = true,
  }: { readonly threshold: number; readonly margin: number; readonly unique?: boolean },
): VoiceMatch[] {
  const chosen = unique ? assignOneToOne(scores, names.length, threshold) : scores.map(nearest);
  const taken = new Set(unique ? chosen : []);
  return scores.map((row, speaker) => {
    const own = chosen[speaker] ?? -1;
    const score = row[own] ?? Number.NaN;
    const rivals = row.filter((_, other) => other !== own && !taken.has(other));
    const named = score >= threshold && rivals.every((rival) => score - rival >= margin);
    const name = names[own];
    return named && name !== undefined
      ? { name, score }
      : { score: row.reduce((best, other) => Math.max(best, other), -1) };
  });
}

/**
 * Checks voices before they are compared with vectors of `space`.
 * @throws VoiceFlowError `invalid-option` naming the voice that is of another space or dimension, or broken.
 */
export function checkVoices(voices: readonly KnownVoice[], space: string, dimension?: number): void {
  for (const voice of voices) {
    checkName(voice.name);
    if (voice.space !== space) throw wrongSpace(`voice ${JSON.stringify(voice.name)}`, voice.space, space);
    unit(voice.embedding, `voice ${JSON.stringify(voice.name)}`, dimension ?? voices[0]?.embedding.length);
  }
}

/** `[speakers][names]`; of several voices of one name the nearest counts. */
function scoresOf(embeddings: readonly Float32Array[], voices: readonly KnownVoice[], names: readonly string[]) {
  const directions = voices.map(({ name, embedding }) => ({ at: names.indexOf(name), vector: unit(embedding, name) }));
  return embeddings.map((embedding, index) => {
    const vector = unit(embedding, `speaker ${index}`, directions[0]?.vector.length);
    const row = names.map(() => -1);
    for (const direction of directions) {
      row[direction.at] = Math.max(row[direction.at] ?? -1, cosine(vector, direction.vector));
    }
    return row;
  });
}

/** For each row its column, or −1; no pair below the threshold is made for the sake of another. */
function assignOneToOne(scores: readonly (readonly number[])[], columns: number, threshold: number): number[] {
  const gains = Float64Array.from(scores.flatMap((row) => row.map((score) => Math.max(0, score - threshold))));
  const pairs = assignment(gains, scores.length, columns, { maximize: true });
  return Array.from(pairs, (column, row) => ((scores[row]?.[column] ?? -1) >= threshold ? column : -1));
}

function nearest(row: readonly number[]): number {
  return row.reduce((best, score, index) => (score > (row[best] ?? Number.NEGATIVE_INFINITY) ? index : best), -1);
}

/** Of vectors of unit length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.max(-1, Math.min(1, sum));
}

/** The vector at unit length. @throws `invalid-option` for another dimension, a value that is not finite, or length 0. */
export function unit(vector: Float32Array, what: string, dimension?: number): Float32Array {
  const sound = vector instanceof Float32Array && vector.length > 0;
  if (!sound || vector.length !== (dimension ?? vector.length)) {
    const found = vector instanceof Float32Array ? `${vector.length} values` : `${typeof vector}`;
    throw new VoiceFlowError(
      'invalid-option',
      `the embedding of ${what} is ${found}, expected a Float32Array${dimension ? ` of ${dimension}` : ''}`,
    );
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!(squares > 0 && squares < Number.POSITIVE_INFINITY)) {
    throw new VoiceFlowError('invalid-option', `the embedding of ${what} is zero or not finite`);
  }
  const length = Math.sqrt(squares);
  return Math.abs(length - 1) < 1e-6 ? vector : vector.map((value) => value / length);
}

/** Controls, halves of characters, and what turns the direction of the writing after it. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u;

function checkName(name: unknown): void {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 200 && !UNPRINTABLE.test(name)) return;
  throw new VoiceFlowError(
    'invalid-option',
    `the name is ${JSON.stringify(name)}, expected 1 to 200 printable characters`,
  );
}

/** A name as a book keeps it: letters composed (NFC), no blanks at its ends. @throws `invalid-option` for none. */
export function normalizeName(name: unknown): string {
  checkName(name);
  return (name as string).normalize('NFC').trim();
}

export function wrongSpace(what: string, found: string, expected: string): VoiceFlowError {
  return new VoiceFlowError(
    'invalid-option',
    `${what} is of the embedding space ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
    { hint: 'Vectors of different spaces cannot be compared: enrol the voice again with this model.' },
  );
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return;
  throw new VoiceFlowError('invalid-option', `${name} is ${String(value)}, expected a number in [${low}, ${high}]`);
}
