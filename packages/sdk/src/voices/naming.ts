import { invalidOption } from '../contract/errors.ts';
import type { KnownVoice } from '../contract/options.ts';
import { observations } from '../stages/ahc.ts';
import { evidence, project, type VoiceSpace } from '../stages/plda.ts';
import type { NamingRules } from '../stages/settings.ts';
import { assignNames, checkVoices, cosine, unit, type VoiceMatch } from './match.ts';

/** A speaker's voice in a recording, to be named. */
export interface SpeakerVoice {
  /** Embedding minus the mean of all embeddings. */
  readonly embedding: Float32Array;
  /** Seconds of speech that it was computed from. */
  readonly seconds: number;
}

export interface NamingOptions {
  readonly space: string;
  readonly voices: VoiceSpace;
  readonly rules: NamingRules;
  /** Accepted share of unknown people who get a name. Default `FALSE_NAMES`. */
  readonly falseNames?: number | undefined;
}

/** Default accepted share of unknown people who get a name. */
export const FALSE_NAMES = 0.02;
/** The share of pairs to which `NamingRules.at` refers. */
const SHARE = 0.02;
/** Minimum lead over the next voice, in units of `NamingRules.width`. */
const LEAD = 0.5;
/** Default seconds of speech of a known voice. */
const USUAL_SECONDS = 10;

/**
 * Names the speakers of one recording; each name is assigned at most once. With more known voices, a name needs more
 * evidence, so that the total share of unknown people who get a name stays at `falseNames`. A name also needs a lead
 * over the next voice: if two voices fit, the speaker gets no name. The evidence is the log likelihood ratio of one
 * speaker against two in the voice space, which takes the amount of speech of both into account.
 * @throws VoiceFlowError `invalid-option` for a voice of another space or dimension, or a rate out of range.
 */
export function nameVoices(
  speakers: readonly SpeakerVoice[],
  known: readonly KnownVoice[],
  { space, voices, rules, falseNames }: NamingOptions,
): VoiceMatch[] {
  const rate = checkFalseNames(falseNames);
  checkVoices(known, space, speakers[0]?.embedding.length);
  const names = new Set(known.map(({ name }) => name));
  if (names.size === 0) return speakers.map(() => ({ score: -1 }));
  const scores = speakers.map(scorer(voices, rules, known));
  return assignNames(scores, known, { threshold: leastScore(rules, names.size, rate), margin: LEAD * rules.width });
}

/** Scores of a voice for each known voice: evidence, or cosines. Minus infinity if its embedding is zero. */
export function voiceScores(
  voice: SpeakerVoice,
  known: readonly KnownVoice[],
  { voices, rules }: Pick<NamingOptions, 'voices' | 'rules'>,
): number[] {
  return scorer(voices, rules, known)(voice);
}

/** The label of a speaker without a name. */
export function speakerLabel(number: number): string {
  return `SPEAKER_${String(number).padStart(2, '0')}`;
}

/** Labels of speakers, in order: names, and numbered labels for the others. Labels that are known names are skipped. */
export function labelSpeakers(matches: readonly VoiceMatch[], known: readonly KnownVoice[]): string[] {
  const names = new Set(known.map(({ name }) => name));
  let nextNumber = matches.length;
  return matches.map(({ name }, i) => {
    let label = name ?? speakerLabel(i);
    while (name === undefined && names.has(label)) label = speakerLabel(nextNumber++);
    return label;
  });
}

/**
 * Minimum score for a name among `names` names, such that an unknown person gets any of them with probability `rate`.
 */
export function leastScore({ at, width }: NamingRules, names: number, rate: number): number {
  const each = 1 - (1 - rate) ** (1 / names);
  return at + width * Math.log(SHARE / each);
}

/** @throws `invalid-option` for a share outside (0, 0.5]. */
export function checkFalseNames(falseNames: unknown = FALSE_NAMES): number {
  if (typeof falseNames === 'number' && falseNames > 0 && falseNames <= 0.5) return falseNames;
  throw invalidOption(
    `falseNames is ${String(falseNames)}, expected a share above 0 and at most 0.5`,
    `omit it for ${FALSE_NAMES}: 2 of 100 unknown speakers get a name`,
  );
}

/** Makes the function that scores a voice against each known one. */
function scorer(
  voices: VoiceSpace,
  { evidence: evidenceRules }: NamingRules,
  known: readonly KnownVoice[],
): (voice: SpeakerVoice) => number[] {
  const nothing = known.map(() => Number.NEGATIVE_INFINITY);
  // A speaker's embedding may be zero: such a speaker gets no name.
  const isSilent = (embedding: Float32Array) => !embedding.some((x) => x !== 0);
  if (evidenceRules === undefined) {
    const directions = known.map(({ name, embedding }) => unit(embedding, name));
    return ({ embedding }) => {
      if (isSilent(embedding)) return nothing;
      const own = unit(embedding, 'a speaker');
      return directions.map((direction) => cosine(own, direction));
    };
  }
  const observed = (embedding: Float32Array, seconds: number) => {
    const count = observations(seconds * evidenceRules.rate, evidenceRules.saturation);
    const at = unit(embedding, 'a speaker').map((x, i) => x * evidenceRules.scale + voices.mean[i]!);
    const voice = new Float32Array(voices.to);
    project(voices, at, voice);
    if (evidenceRules.nuisance) removeDirections(evidenceRules.nuisance, voice);
    const sum = voice.map((x) => x * count);
    return { count, sum, alone: evidence(voices.between, count, sum) };
  };
  const all = known.map(({ embedding, seconds = USUAL_SECONDS }) => observed(embedding, seconds));
  return ({ embedding, seconds }) => {
    if (isSilent(embedding)) return nothing;
    const own = observed(embedding, seconds);
    return all.map((other) => {
      const together = evidence(voices.between, own.count + other.count, own.sum, other.sum);
      return together - own.alone - other.alone;
    });
  };
}

/** Removes directions (`[k, voice.length]`, orthonormal) from a vector and restores its length, in place. */
function removeDirections(directions: Float32Array, voice: Float32Array): void {
  const before = Math.hypot(...voice);
  for (let row = 0; row < directions.length; row += voice.length) {
    let along = 0;
    for (let i = 0; i < voice.length; i++) along += directions[row + i]! * voice[i]!;
    for (let i = 0; i < voice.length; i++) {
      voice[i]! -= along * directions[row + i]!;
    }
  }
  const factor = before / Math.hypot(...voice);
  // A vector of (almost) only these directions is not scaled up.
  if (factor < 1e6) for (let i = 0; i < voice.length; i++) voice[i]! *= factor;
}
