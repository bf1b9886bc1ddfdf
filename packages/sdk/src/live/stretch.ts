import { observations } from '../stages/ahc.ts';
import { type SpeakerModel, speakerModel } from '../stages/plda.ts';
import type { FastCnnSettings } from '../stages/settings.ts';
import { accumulate } from '../stages/vectors.ts';

/** A stretch of one voice: what is remembered of speech. */
export interface Stretch {
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

export function voiceOf(stretches: readonly Stretch[], { between, cluster }: VoiceRules): Voice {
  const sum = new Float32Array(between.length);
  const seconds = secondsOf(stretches);
  const count = observations(seconds * cluster.rate, cluster.saturation);
  for (const stretch of stretches) accumulate(sum, stretch.sum, seconds > 0 ? count / seconds : 0);
  return { count, sum, model: speakerModel(between, count, sum) };
}

export function secondsOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { seconds }) => sum + seconds, 0);
}
