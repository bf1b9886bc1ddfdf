import { invalidOption, show, type VoiceFlowError } from '../contract/errors.ts';
import type { KnownVoice } from '../contract/options.ts';
import { assignment } from '../stages/hungarian.ts';

export interface MatchOptions {
  /** Embedding space of the vectors; all voices must have the same space. */
  readonly space: string;
  /** Minimum cosine for a name. It depends on the weights: take it from the model's settings. */
  readonly threshold: number;
  /** Minimum lead over the next voice that is not assigned to another vector. Default 0. */
  readonly margin?: number;
  /** Assign each name to at most one vector. Default true; with false, several vectors may get the same name. */
  readonly unique?: boolean;
}

export interface VoiceMatch {
  /** Name of the matched voice; absent if unknown. */
  readonly name?: string;
  /** Cosine with the matched voice or, if unknown, with the nearest one; −1 if there are no voices. */
  readonly score: number;
}

/**
 * Names several speakers of one recording. Names are assigned one to one so that the sum of the cosines above the
 * threshold is largest: two speakers never get the same name, unless `unique` is false. A speaker stays unknown below
 * the threshold, or if the score of an unassigned name is closer than `margin`. Several voices with one name count as
 * one.
 *
 * @param embeddings One vector per speaker, of the same dimension as the voices.
 * @returns A match for each vector.
 * @throws VoiceFlowError `invalid-option` for a voice of another space or dimension, or an invalid vector.
 */
export function matchVoices(
  embeddings: readonly Float32Array[],
  voices: readonly KnownVoice[],
  options: MatchOptions,
): VoiceMatch[] {
  checkRange('threshold', options.threshold, -1, 1);
  checkRange('margin', options.margin ?? 0, 0, 2);
  checkVoices(voices, options.space, embeddings[0]?.length);
  const directions = voices.map(({ name, embedding }) => unit(embedding, name));
  const scores = embeddings.map((embedding, index) => {
    const own = unit(embedding, `speaker ${index}`, directions[0]?.length);
    return directions.map((direction) => cosine(own, direction));
  });
  return assignNames(scores, voices, options);
}

/** Assigns names by scores of any kind, `[speakers][voices]`; see `matchVoices`. */
export function assignNames(
  voiceScores: readonly (readonly number[])[],
  voices: readonly KnownVoice[],
  { threshold, margin = 0, unique = true }: Omit<MatchOptions, 'space'>,
): VoiceMatch[] {
  const names = [...new Set(voices.map((voice) => voice.name))];
  const scores = voiceScores.map((row) => bestByName(row, voices));
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
 * Checks that voices can be compared with vectors of `space`.
 * @throws VoiceFlowError `invalid-option`, naming the voice, for another space or dimension or an invalid vector.
 */
export function checkVoices(voices: readonly KnownVoice[], space: string, dimension?: number): void {
  if (!Array.isArray(voices)) throw invalidOption('the known voices are no list', 'for example book.voices');
  for (const voice of voices) {
    checkName(voice?.name);
    const what = `voice ${JSON.stringify(voice.name)}`;
    if (voice.space !== space) throw wrongSpace(what, voice.space, space);
    const { seconds = 1 } = voice;
    if (!(seconds > 0 && seconds < 1e9))
      throw invalidOption(`${what} has ${seconds} seconds of speech, expected more than 0`);
    unit(voice.embedding, what, dimension ?? voices[0]?.embedding.length);
  }
}

/** The score of each name, in order of first appearance: of several voices with one name, the nearest counts. */
function bestByName(scores: readonly number[], voices: readonly KnownVoice[]): number[] {
  const best = new Map<string, number>();
  for (const [i, { name }] of voices.entries()) best.set(name, Math.max(best.get(name) ?? scores[i]!, scores[i]!));
  return [...best.values()];
}

/** For each row, its column or −1. Scores below the threshold do not influence the assignment. */
function assignOneToOne(scores: readonly (readonly number[])[], columns: number, threshold: number): number[] {
  const gains = Float64Array.from(scores.flatMap((row) => row.map((score) => Math.max(0, score - threshold))));
  const pairs = assignment(gains, scores.length, columns, { maximize: true });
  return Array.from(pairs, (column, row) => ((scores[row]?.[column] ?? -1) >= threshold ? column : -1));
}

function nearest(row: readonly number[]): number {
  return row.reduce((best, score, index) => (score > (row[best] ?? Number.NEGATIVE_INFINITY) ? index : best), -1);
}

/** Cosine of vectors of unit length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.max(-1, Math.min(1, sum));
}

/** Scales to unit length. @throws `invalid-option` for another dimension, a value that is not finite, or length 0. */
export function unit(vector: Float32Array, what: string, dimension?: number): Float32Array {
  const valid = vector instanceof Float32Array && vector.length > 0;
  if (!valid || vector.length !== (dimension ?? vector.length)) {
    const found = vector instanceof Float32Array ? `${vector.length} values` : `${typeof vector}`;
    throw invalidOption(
      `the embedding of ${what} is ${found}, expected a Float32Array${dimension ? ` of ${dimension}` : ''}`,
    );
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!(squares > 0 && squares < Number.POSITIVE_INFINITY)) {
    throw invalidOption(`the embedding of ${what} is zero or not finite`);
  }
  const length = Math.sqrt(squares);
  return Math.abs(length - 1) < 1e-6 ? vector : vector.map((value) => value / length);
}

/** Control characters, surrogates, and characters that change the writing direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u;

function checkName(name: unknown): void {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 200 && !UNPRINTABLE.test(name)) return;
  throw invalidOption(`the name is ${show(name)}, expected 1 to 200 printable characters`);
}

/** Normalizes a name for a voice book: composed (NFC) and trimmed. @throws `invalid-option` for an invalid name. */
export function normalizeName(name: unknown): string {
  checkName(name);
  return (name as string).normalize('NFC').trim();
}

export function wrongSpace(what: string, found: string, expected: string): VoiceFlowError {
  return invalidOption(
    `${what} is of the embedding space ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
    'Vectors of different spaces cannot be compared: enroll the voice again with this model.',
  );
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return;
  throw invalidOption(`${name} is ${String(value)}, expected a number in [${low}, ${high}]`);
}
