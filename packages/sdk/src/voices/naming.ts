import { VoiceFlowError } from '../contract/errors.ts';
import type { KnownVoice } from '../contract/options.ts';
import { observations } from '../stages/ahc.ts';
import { evidence, project, type VoiceSpace } from '../stages/plda.ts';
import type { NamingRules } from '../stages/settings.ts';
import { assignNames, checkVoices, cosine, unit, type VoiceMatch } from './match.ts';

/** A voice of a recording, to be named. */
export interface HeardVoice {
  /** Less the mean of all voices. */
  readonly embedding: Float32Array;
  /** Seconds of its speech. */
  readonly seconds: number;
}

export interface NamingOptions {
  readonly space: string;
  readonly voices: VoiceSpace;
  readonly rules: NamingRules;
  /** Share of people who are not in the book that may get a name. Default `FALSE_NAMES`. */
  readonly falseNames?: number | undefined;
}

/** Share of strangers that get a name, unless another is asked for. */
export const FALSE_NAMES = 0.02;
/** The share of pairs that `NamingRules.at` stands for. */
const SHARE = 0.02;
/** Lead over the next voice, in `NamingRules.width`. */
const LEAD = 0.5;
/** Seconds of speech of a known voice that does not say. */
const USUAL_SECONDS = 10;

/**
 * Names for the speakers of one recording, each given once. The larger the book, the more evidence a name needs: a
 * stranger is compared with every voice of it, and `falseNames` of the strangers may get a name in all. A name also needs
 * a lead over the next voice: where two fit, neither is told. Evidence is the log likelihood ratio of one voice against
 * two in the voice space, which weighs how much was heard of both.
 * @throws VoiceFlowError `invalid-option` for a voice of another space or dimension, or a rate out of range.
 */
export function nameVoices(
  heard: readonly HeardVoice[],
  known: readonly KnownVoice[],
  { space, voices, rules, falseNames }: NamingOptions,
): VoiceMatch[] {
  const rate = checkFalseNames(falseNames);
  checkVoices(known, space, heard[0]?.embedding.length);
  const names = [...new Set(known.map(({ name }) => name))];
  if (names.length === 0) return heard.map(() => ({ score: -1 }));
  const score = scorer(voices, rules, known);
  const index = new Map(names.map((name, i) => [name, i]));
  const scores = heard.map((voice) => {
    const row = names.map(() => Number.NEGATIVE_INFINITY);
    score(voice).forEach((own, i) => {
      const at = index.get(known[i]?.name ?? '') as number;
      row[at] = Math.max(row[at]!, own);
    });
    return row;
  });
  return assignNames(scores, names, { threshold: leastScore(rules, names.length, rate), margin: LEAD * rules.width });
}

/** How likely a voice is each known one: evidence, or cosines. Minus infinity where nothing was heard. */
export function voiceScores(
  heard: HeardVoice,
  known: readonly KnownVoice[],
  { voices, rules }: Pick<NamingOptions, 'voices' | 'rules'>,
): number[] {
  return scorer(voices, rules, known)(heard);
}

/** The label of a speaker without a name. */
export function speakerLabel(number: number): string {
  return `SPEAKER_${String(number).padStart(2, '0')}`;
}

/** Labels in order of speakers: names, and numbers for the others; a number that somebody is called by is left out. */
export function labelSpeakers(matches: readonly VoiceMatch[], known: readonly KnownVoice[]): string[] {
  const names = new Set(known.map(({ name }) => name));
  let spare = matches.length;
  return matches.map(({ name }, i) => {
    let label = name ?? speakerLabel(i);
    while (name === undefined && names.has(label)) label = speakerLabel(spare++);
    return label;
  });
}

/** Score from which one of `names` names is given, so that a stranger gets any of them at `rate`. */
export function leastScore({ at, width }: NamingRules, names: number, rate: number): number {
  const each = 1 - (1 - rate) ** (1 / names);
  return at + width * Math.log(SHARE / each);
}

/** @throws `invalid-option` for a share that is not above 0 and at most 0.5. */
export function checkFalseNames(falseNames: unknown = FALSE_NAMES): number {
  if (typeof falseNames === 'number' && falseNames > 0 && falseNames <= 0.5) return falseNames;
  throw new VoiceFlowError(
    'invalid-option',
    `falseNames is ${String(falseNames)}; a share above 0 and at most 0.5 was expected`,
    { hint: `leave it out for ${FALSE_NAMES}: 2 of 100 strangers get a name` },
  );
}

/** Scores of a voice with each known one. */
function scorer(
  voices: VoiceSpace,
  { evidence: worth }: NamingRules,
  known: readonly KnownVoice[],
): (heard: HeardVoice) => number[] {
  const nothing = known.map(() => Number.NEGATIVE_INFINITY);
  // A network may give nothing for a voice: it has no name then.
  const isSilent = (embedding: Float32Array) => !embedding.some((x) => x !== 0);
  if (worth === undefined) {
    const directions = known.map(({ name, embedding }) => unit(embedding, name));
    return ({ embedding }) => {
      if (isSilent(embedding)) return nothing;
      const own = unit(embedding, 'a speaker');
      return directions.map((direction) => cosine(own, direction));
    };
  }
  const observed = (embedding: Float32Array, seconds: number) => {
    const count = observations(seconds * worth.rate, worth.saturation);
    const at = unit(embedding, 'a speaker').map((x, i) => x * worth.scale + voices.mean[i]!);
    const voice = new Float32Array(voices.to);
    project(voices, at, voice);
    if (worth.nuisance) takeOut(worth.nuisance, voice);
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

/** Takes directions (`[k, voice.length]`, orthonormal) out of a voice; its length stays, which says nothing. */
function takeOut(directions: Float32Array, voice: Float32Array): void {
  const before = Math.hypot(...voice);
  for (let row = 0; row < directions.length; row += voice.length) {
    let along = 0;
    for (let i = 0; i < voice.length; i++) along += directions[row + i]! * voice[i]!;
    for (let i = 0; i < voice.length; i++) {
      voice[i]! -= along * directions[row + i]!;
    }
  }
  const factor = before / Math.hypot(...voice);
  // A voice of nothing else stays as it is left.
  if (factor < 1e6) for (let i = 0; i < voice.length; i++) voice[i]! *= factor;
}
