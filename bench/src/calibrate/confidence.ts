import type { Turn } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import type * as pipeline from 'voiceflow-ml/stages';

/** A turn with the evidence for its confidence, and the share of its time that is correct. */
interface JudgedTurn {
  readonly evidence: pipeline.TurnEvidence;
  /** Share of the turn in which its speaker (by the best mapping) speaks, 0–1. */
  readonly right: number;
  readonly seconds: number;
}

/** A recording with two diarizations that differ only in the evidence behind their confidence. */
export interface RecordingEvidence {
  readonly reference: readonly Turn[];
  readonly byActivity: readonly Turn[];
  readonly byIdentity: readonly Turn[];
}

/** Weights with which the log odds of the confidence equal one kind of evidence. */
export const EVIDENCE_WEIGHTS = {
  byActivity: { bias: 0, activity: 1, identity: 0 },
  byIdentity: { bias: 0, activity: 0, identity: 1 },
} as const;

export function judgeTurns(recordings: readonly RecordingEvidence[]): JudgedTurn[] {
  return recordings.flatMap(({ reference, byActivity, byIdentity }) => {
    const score = scoreDiarization({ uri: 'x', turns: reference }, { uri: 'x', turns: byActivity }).files.x;
    return byActivity.map((turn, i): JudgedTurn => {
      const partner = score?.mapping[turn.speaker];
      const own = reference.filter(({ speaker }) => speaker === partner);
      const seconds = turn.end - turn.start;
      const evidence = { activity: logOdds(turn), identity: logOdds(byIdentity[i]!) };
      return { evidence, right: covered(turn, own) / seconds, seconds };
    });
  });
}

function logOdds({ confidence = 0.5 }: Turn): number {
  return Math.log(confidence / (1 - confidence));
}

/** Seconds of a turn that are covered by others, which do not overlap each other. */
function covered(turn: Turn, others: readonly Turn[]): number {
  let sum = 0;
  for (const other of others) sum += Math.max(0, Math.min(turn.end, other.end) - Math.max(turn.start, other.start));
  return Math.min(sum, turn.end - turn.start);
}

const STEPS = 4000;
const RATE = 0.3;

/** Logistic regression of the correct share on the evidence by gradient descent; turns are weighted by their length. */
export function fitConfidence(turns: readonly JudgedTurn[]): { bias: number; activity: number; identity: number } {
  const w = [0, 0.5, 0.5];
  const total = turns.reduce((sum, { seconds }) => sum + seconds, 0);
  for (let step = 0; step < STEPS; step++) {
    const gradient = [0, 0, 0];
    for (const { evidence, right, seconds } of turns) {
      const x = [1, evidence.activity, evidence.identity];
      const z = x.reduce((sum, value, i) => sum + value * w[i]!, 0);
      const error = (right - 1 / (1 + Math.exp(-z))) * (seconds / total);
      for (let i = 0; i < 3; i++) gradient[i]! += error * x[i]!;
    }
    for (let i = 0; i < 3; i++) w[i]! += RATE * gradient[i]!;
  }
  const [bias, activity, identity] = w.map((value) => Math.round(value * 1000) / 1000) as [number, number, number];
  return { bias, activity, identity };
}

/** Calibration error: mean difference, weighted by time, of confidence and correct share in ten bins of confidence. */
export function calibrationError(
  turns: readonly JudgedTurn[],
  w: { bias: number; activity: number; identity: number },
) {
  const bins = Array.from({ length: 10 }, () => ({ predicted: 0, right: 0 }));
  for (const { evidence, right, seconds } of turns) {
    const predicted = 1 / (1 + Math.exp(-(w.bias + w.activity * evidence.activity + w.identity * evidence.identity)));
    const bin = bins[Math.min(9, Math.floor(predicted * 10))]!;
    bin.predicted += predicted * seconds;
    bin.right += right * seconds;
  }
  const total = turns.reduce((sum, { seconds }) => sum + seconds, 0);
  return bins.reduce((sum, bin) => sum + Math.abs(bin.predicted - bin.right), 0) / total;
}
