import { parseJson } from '../annotation/text.ts';
import { invalidOption, VoiceFlowError } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import type { KnownVoice } from '../contract/options.ts';
import {
  checkVoices,
  type MatchOptions,
  matchVoices,
  normalizeName,
  unit,
  type VoiceMatch,
  wrongSpace,
} from './match.ts';

/** A voice in a voice book. */
export interface Voice extends KnownVoice {
  /** Total seconds of speech it was enrolled from. */
  readonly seconds: number;
  /** Number of samples it was enrolled from. */
  readonly samples: number;
  /**
   * Similarity of the samples: length of their weighted mean, in (0, 1]. A low value means different voices or noise.
   */
  readonly consistency: number;
}

/** An embedding to enroll a voice with. */
export interface VoiceSample {
  /** Vector of any length except 0; only its direction is used. */
  readonly embedding: Float32Array;
  /** Seconds of speech, used as the weight. Default 1. */
  readonly seconds?: number;
}

/**
 * A set of named voices of one embedding space. Immutable.
 *
 *     const book = VoiceBook.parse(text).enroll('Ada', [{ embedding, seconds: 12.4 }])
 *     book.identify(vector, { threshold, margin })         // { name: 'Ada', score: 0.81 }
 *     await diarizer.diarize(audio, { known: book.voices })
 *     JSON.stringify(book)
 */
export class VoiceBook {
  readonly space: string;
  /** In order of enrollment. */
  readonly voices: readonly Voice[];

  /**
   * @param voices Their names are normalized: composed (NFC) and trimmed.
   * @throws VoiceFlowError `invalid-option` for voices of other spaces or dimensions, invalid vectors or duplicate
   *   names.
   */
  constructor(space: string, voices: readonly Voice[] = []) {
    if (typeof space !== 'string' || space === '') {
      throw invalidOption('a voice book needs the name of its embedding space');
    }
    checkVoices(voices, space);
    const kept = voices.map((voice) => Object.freeze({ ...voice, name: normalizeName(voice.name) }));
    const names = new Set(kept.map((voice) => voice.name));
    if (names.size < voices.length) {
      const [duplicate] = kept.filter(({ name }, i) => kept.findIndex((voice) => voice.name === name) < i);
      throw invalidOption(
        `the name ${JSON.stringify(duplicate?.name)} is in the voice book twice`,
        'Spaces at the ends and the encoding of accents are ignored: rename one of the two.',
      );
    }
    this.space = space;
    this.voices = Object.freeze(kept);
  }

  /**
   * Returns the book with a voice added, or with more samples for an existing voice. The embedding is the mean
   * direction of all samples, weighted by seconds, with unit length. The order of enrollment does not matter.
   *
   * @param space Space of the samples; must be that of the book.
   * @throws VoiceFlowError `invalid-option` for an invalid name or vector, another space, or samples that cancel out.
   */
  enroll(rawName: string, samples: readonly VoiceSample[], space = this.space): VoiceBook {
    const name = normalizeName(rawName);
    if (space !== this.space) throw wrongSpace('the sample', space, this.space);
    if (samples.length === 0) throw invalidOption(`no samples to enroll ${JSON.stringify(name)} from`);
    const dimension = (this.voices[0]?.embedding ?? samples[0]?.embedding)?.length;
    const known = this.voices.find((voice) => voice.name === name);
    const sum = new Float64Array(dimension ?? 0);
    let seconds = 0;
    if (known !== undefined) {
      addScaled(sum, known.embedding, known.seconds * known.consistency);
      seconds = known.seconds;
    }
    for (const [index, sample] of samples.entries()) {
      const weight = sample.seconds ?? 1;
      if (!(weight > 0 && weight < 1e9)) {
        throw invalidOption(`samples[${index}].seconds is ${weight}, expected more than 0`);
      }
      addScaled(sum, unit(sample.embedding, `samples[${index}]`, dimension), weight);
      seconds += weight;
    }
    const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
    if (length < 1e-6 * seconds) {
      throw invalidOption(
        `the samples of ${JSON.stringify(name)} cancel each other out`,
        'Enroll from recordings of one person only.',
      );
    }
    const voice: Voice = {
      name,
      space,
      embedding: Float32Array.from(sum, (value) => value / length),
      seconds,
      samples: (known?.samples ?? 0) + samples.length,
      consistency: Math.min(1, length / seconds),
    };
    const others = known === undefined ? [...this.voices, voice] : this.voices.map((v) => (v === known ? voice : v));
    return new VoiceBook(this.space, others);
  }

  /** Returns the book without a voice, or the same book if it has no voice with that name. */
  remove(name: string): VoiceBook {
    const removed = normalizeName(name);
    const kept = this.voices.filter((voice) => voice.name !== removed);
    return kept.length === this.voices.length ? this : new VoiceBook(this.space, kept);
  }

  /**
   * Returns the book with a voice renamed.
   * @throws VoiceFlowError `invalid-option` if there is no such voice, or another voice has the new name.
   */
  rename(from: string, to: string): VoiceBook {
    const [before, after] = [normalizeName(from), normalizeName(to)];
    if (!this.voices.some(({ name }) => name === before)) {
      throw invalidOption(`the book has no voice ${JSON.stringify(before)}`);
    }
    if (before !== after && this.voices.some(({ name }) => name === after)) {
      throw invalidOption(
        `the book already has a voice ${JSON.stringify(after)}`,
        'Remove one of the two, or choose another name.',
      );
    }
    return new VoiceBook(
      this.space,
      this.voices.map((voice) => (voice.name === before ? { ...voice, name: after } : voice)),
    );
  }

  /** Identifies a voice; see `matchVoices`. `space` defaults to that of the book. */
  identify(embedding: Float32Array, options: Omit<MatchOptions, 'space' | 'unique'> & { space?: string }): VoiceMatch {
    const [match] = matchVoices([embedding], this.voices, { ...options, space: options.space ?? this.space });
    return match ?? { score: -1 };
  }

  /** The JSON form, which `VoiceBook.parse` reads. */
  toJSON(): VoiceBookJson {
    return {
      format: FORMAT,
      version: VERSION,
      space: this.space,
      voices: this.voices.map(({ name, seconds, samples, consistency, embedding }) => ({
        name,
        seconds: shorten(seconds),
        samples,
        consistency: shorten(consistency),
        embedding: Array.from(embedding, shorten),
      })),
    };
  }

  /**
   * Reads a book from its JSON, as text or parsed.
   * @throws VoiceFlowError `invalid-option` for other JSON, another version, or an invalid book, naming the place.
   */
  static parse(json: unknown): VoiceBook {
    const book = record(
      typeof json === 'string' ? parseJson(json, (why, cause) => broken(`it is not valid JSON: ${why}`, cause)) : json,
      'the book',
    );
    if (book.format !== FORMAT) throw broken(`format is ${JSON.stringify(book.format)}, expected "${FORMAT}"`);
    if (book.version !== VERSION) {
      throw invalidOption(
        `the voice book is of version ${JSON.stringify(book.version)}, expected ${VERSION}`,
        'Update VoiceFlow, or enroll the voices again.',
      );
    }
    const { space, voices } = book;
    if (typeof space !== 'string' || space === '') throw broken('space is missing');
    if (!Array.isArray(voices)) throw broken('voices is not a list');
    return new VoiceBook(
      space,
      voices.map((item: unknown, index) => parseVoice(item, space, `voices[${index}]`)),
    );
  }
}

const FORMAT = 'voiceflow-voices';
const VERSION = 1;

/** The JSON form of a voice book. `version` changes if older readers can no longer read it. */
export interface VoiceBookJson {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly space: string;
  readonly voices: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly samples: number;
    readonly consistency: number;
    readonly embedding: readonly number[];
  }[];
}

function parseVoice(item: unknown, space: string, where: string): Voice {
  const { name, seconds, samples, consistency, embedding } = record(item, where);
  if (typeof name !== 'string') throw broken(`${where}.name is not a string`);
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < Number.POSITIVE_INFINITY))
    throw broken(`${where}.seconds is not above 0`);
  if (!Number.isInteger(samples) || !((samples as number) > 0))
    throw broken(`${where}.samples is not a whole number above 0`);
  if (typeof consistency !== 'number' || !(consistency > 0 && consistency <= 1)) {
    throw broken(`${where}.consistency is not in (0, 1]`);
  }
  if (!Array.isArray(embedding) || embedding.some((value) => typeof value !== 'number')) {
    throw broken(`${where}.embedding is not a list of numbers`);
  }
  const vector = Float32Array.from(embedding as number[]);
  return { name, space, seconds, samples: samples as number, consistency, embedding: unit(vector, where) };
}

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw broken(`${where} is not an object`);
  return value;
}

function broken(what: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `the voice book cannot be read: ${what}`, {
    hint: 'Check that the file was written by `voiceflow enroll`, or enroll the voices again.',
    cause,
  });
}

function addScaled(sum: Float64Array, vector: Float32Array, scale: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += scale * vector[i]!;
}

/** Rounds to nine digits, which represent a float32 exactly. */
function shorten(value: number): number {
  return Number(value.toPrecision(9));
}
