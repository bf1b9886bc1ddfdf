import type { Partition } from './cluster-speakers.ts';
import type { FrameTurn } from './hysteresis.ts';
import type { LocalRecording } from './local-speakers.ts';
import type { SolveSettings } from './settings.ts';
import type { Steps } from './steps.ts';

/** The evidence from which a turn's confidence is computed, both as log odds. */
export interface TurnEvidence {
  /** That somebody speaks: from the mean activity. */
  readonly activity: number;
  /** That it is this speaker: from the mean posterior over the turn's slots. */
  readonly identity: number;
}

/** Minimum distance of probabilities from 0 and 1, to avoid infinite log odds. */
const LEAST = 0.001;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 512;

/**
 * Evidence for each turn. The slots of a turn are those assigned to its speaker in the windows that overlap it, each
 * weighted by its activity inside the turn.
 */
export function* turnEvidence(
  local: LocalRecording,
  partition: Partition,
  turns: readonly FrameTurn[],
): Steps<TurnEvidence[]> {
  const sums = turns.map(() => ({ posterior: 0, weight: 0 }));
  const bySpeaker = Array.from({ length: partition.speakers }, (): number[] => []);
  for (const [i, turn] of turns.entries()) bySpeaker[turn.speaker]?.push(i);
  // Turns of a speaker do not overlap and windows come in order, so the first relevant turn only moves forward.
  const first = new Int32Array(partition.speakers);
  for (let window = 0; window < local.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    const start = local.startOf(window);
    for (let slot = 0; slot < local.slots; slot++) {
      const speaker = partition.speakerOf[window * local.slots + slot]!;
      const row = partition.slots.rowAt[window * local.slots + slot]!;
      if (speaker < 0 || row < 0) continue;
      const own = bySpeaker[speaker]!;
      const posterior = posteriorOf(partition, row, speaker);
      let at = first[speaker]!;
      while (at < own.length && turns[own[at]!]!.end <= start) at++;
      first[speaker] = at;
      for (; at < own.length; at++) {
        const index = own[at]!;
        const turn = turns[index]!;
        if (turn.start >= start + local.frames) break;
        const weight = activityIn(local, window, slot, turn.start - start, turn.end - start);
        const sum = sums[index]!;
        sum.posterior += weight * posterior;
        sum.weight += weight;
      }
    }
  }
  return turns.map((turn, i) => {
    const { posterior, weight } = sums[i]!;
    return { activity: logOdds(turn.score), identity: logOdds(weight > 0 ? posterior / weight : 0.5) };
  });
}

/** Calibrated confidence of a turn. */
export function confidenceOf(rules: SolveSettings['confidence'], { activity, identity }: TurnEvidence): number {
  return 1 / (1 + Math.exp(-(rules.bias + activity * rules.activity + identity * rules.identity)));
}

/**
 * Probability that a local speaker is a speaker, among all speakers.
 * @param scores Log likelihoods, `[rows, speakers]`.
 */
export function posteriorOf(
  { scores, speakers }: Pick<Partition, 'scores' | 'speakers'>,
  row: number,
  speaker: number,
): number {
  const from = row * speakers;
  const own = scores[from + speaker]!;
  let sum = 0;
  for (let k = 0; k < speakers; k++) sum += Math.exp(scores[from + k]! - own);
  return 1 / sum;
}

function activityIn(local: LocalRecording, window: number, slot: number, from: number, to: number): number {
  const activity = local.activity(window);
  let sum = 0;
  for (let frame = Math.max(0, from); frame < Math.min(local.frames, to); frame++) {
    sum += activity[frame * local.slots + slot]!;
  }
  return sum;
}

/** Log odds of a probability, which is kept away from 0 and 1. */
export function logOdds(probability: number): number {
  const p = Math.min(1 - LEAST, Math.max(LEAST, probability));
  return Math.log(p / (1 - p));
}
