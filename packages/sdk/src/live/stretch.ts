import { observations } from '../stages/ahc.ts';
import { evidence, type SpeakerModel, speakerModel } from '../stages/plda.ts';
import type { FastCnnSettings } from '../stages/settings.ts';
import { accumulate } from '../stages/vectors.ts';

/** A stretch of one voice: what is remembered of speech. */
export interface Stretch {
  /** The session's frames `[from, to)` that its windows hear; none of a new speaker's first words. */
  from: number;
  to: number;
  /** Seconds of clean speech; audio that several windows hear counts once. */
  seconds: number;
  /** `[to]`: sum of its slots' voices in the voice space, weighted by their seconds. */
  readonly sum: Float32Array;
  /** `[from]`: the same of their embeddings. */
  readonly raw: Float32Array;
  /** Whom it was told to be. */
  speaker: number;
  /** Whose voice it is thought to be now; −1 for nobody's. Told turns never follow it, what comes does. */
  voice: number;
}

/** Variance of voices in the voice space, and what makes a speaker. */
export interface VoiceRules {
  readonly between: Float32Array;
  readonly cluster: FastCnnSettings['cluster'];
}

/** What some stretches of one voice come to. */
export interface Voice {
  /** Independent observations that they are worth, and their sum. */
  readonly count: number;
  readonly sum: Float32Array;
  readonly model: SpeakerModel;
}

export function voiceOf(
  stretches: readonly Pick<Stretch, 'seconds' | 'sum'>[],
  { between, cluster }: VoiceRules,
): Voice {
  const sum = new Float32Array(between.length);
  const seconds = secondsOf(stretches);
  const count = observations(seconds * cluster.rate, cluster.saturation);
  for (const stretch of stretches) accumulate(sum, stretch.sum, seconds > 0 ? count / seconds : 0);
  return { count, sum, model: speakerModel(between, count, sum) };
}

/** How much speaks for two voices' being one. */
export interface Likeness {
  /** Log evidence for one speaker, against two. */
  readonly gain: number;
  /** It is two: they would not be clustered, though there is enough of both to tell. */
  readonly differ: boolean;
}

/** Share of the evidence that one voice would be expected to give for itself below which it is another. */
const SURE = 0.5;

export function likeness(a: Voice, b: Voice, { between, cluster }: VoiceRules): Likeness {
  const gainOf = (x: Float32Array, y: Float32Array) =>
    evidence(between, a.count + b.count, x, y) - evidence(between, a.count, x) - evidence(between, b.count, y);
  const gain = gainOf(a.sum, b.sum);
  const none = new Float32Array(between.length);
  // Without sums, the gain is what two lots of observations of one speaker give for being one on average.
  return { gain, differ: gain < Math.min(cluster.evidence, SURE * gainOf(none, none)) };
}

export function secondsOf(stretches: readonly Pick<Stretch, 'seconds'>[]): number {
  return stretches.reduce((sum, { seconds }) => sum + seconds, 0);
}
