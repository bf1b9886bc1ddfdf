import { observations } from '../stages/ahc.ts';
import { evidence, type SpeakerModel, speakerModel } from '../stages/plda.ts';
import type { FastCnnSettings } from '../stages/settings.ts';
import { accumulate } from '../stages/vectors.ts';

/** A stretch of speech of one voice, as it is remembered during a session. */
export interface Stretch {
  /** Frames `[from, to)` of the session covered by its windows; both 0 for the seed of a new speaker. */
  from: number;
  to: number;
  /** Seconds of speech without overlap; audio in several windows counts once. */
  seconds: number;
  /** `[to]`: sum of its slots' vectors in the voice space, weighted by their seconds. */
  readonly sum: Float32Array;
  /** `[from]`: the same for their embeddings. */
  readonly raw: Float32Array;
  /** Speaker to whom it was attributed in emitted turns. */
  speaker: number;
  /** Speaker whose voice it currently counts as, −1 for none. Affects later turns only, not emitted ones. */
  voice: number;
}

/** Between-speaker variance in the voice space, and the clustering settings. */
export interface VoiceRules {
  readonly between: Float32Array;
  readonly cluster: FastCnnSettings['cluster'];
}

/** Statistics of the stretches of one voice. */
export interface Voice {
  /** Equivalent number of independent observations, and their sum. */
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

/** How likely two voices belong to one speaker. */
export interface Comparison {
  /** Log evidence for one speaker against two. */
  readonly gain: number;
  /** Two speakers: the voices would not be clustered together, although there is enough speech of both to decide. */
  readonly differ: boolean;
}

/** Below this share of the evidence expected for two samples of the same voice, they are different voices. */
const SURE = 0.5;

export function compareVoices(a: Voice, b: Voice, { between, cluster }: VoiceRules): Comparison {
  const gainOf = (x: Float32Array, y: Float32Array) =>
    evidence(between, a.count + b.count, x, y) - evidence(between, a.count, x) - evidence(between, b.count, y);
  const gain = gainOf(a.sum, b.sum);
  const none = new Float32Array(between.length);
  // With zero sums, the gain is the average gain for two sets of observations of the same speaker.
  return { gain, differ: gain < Math.min(cluster.evidence, SURE * gainOf(none, none)) };
}

export function secondsOf(stretches: readonly Pick<Stretch, 'seconds'>[]): number {
  return stretches.reduce((sum, { seconds }) => sum + seconds, 0);
}
