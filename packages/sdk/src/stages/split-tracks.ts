import { observations } from './ahc.ts';
import { type Slots, voiceOf } from './local-speaker-table.ts';
import { evidence, type Variances } from './plda.ts';
import type { Steps } from './steps.ts';
import { secondsOf, type Tracks } from './tracks.ts';
import { accumulate } from './vectors.ts';

/** Rules for splitting tracks. */
interface SplitRules {
  /** Independent observations per second of speech, and their maximum number in a part. */
  readonly rate: number;
  readonly saturation: number;
  /** Log evidence below which two parts are two speakers. */
  readonly evidence: number;
  /** Share of a window that the previous window does not cover. */
  readonly share: number;
}

/** Minimum seconds of speech of a part. */
const LEAST_SECONDS = 0.4;

/**
 * Splits tracks in which the speaker changes. If one speaker follows another without a pause, windows that contain both
 * lead from one voice to the other in small steps that linking does not detect. The whole track shows the change: its
 * two sides are likelier two speakers than one. Each track is split where this is clearest, and its parts are split
 * again.
 */
export function* splitTrackSteps(slots: Slots, tracks: Tracks, space: Variances, rules: SplitRules): Steps<Tracks> {
  const members: number[][] = Array.from(tracks.seconds, () => []);
  for (let row = 0; row < tracks.trackOf.length; row++) members[tracks.trackOf[row]!]?.push(row);
  const trackOf = new Int32Array(tracks.trackOf.length);
  const seconds: number[] = [];
  const sum: Float32Array[] = [];
  const open = members.reverse();
  for (let rows = open.pop(); rows !== undefined; rows = open.pop()) {
    yield;
    const cut = bestCut(slots, rows, space, rules);
    if (cut > 0) {
      open.push(rows.slice(cut), rows.slice(0, cut));
      continue;
    }
    const track = seconds.push(0) - 1;
    const total = new Float32Array(slots.to);
    for (const row of rows) {
      trackOf[row] = track;
      seconds[track]! += addTo(total, slots, row, rules);
    }
    sum.push(total);
  }
  return { trackOf, seconds: Float64Array.from(seconds), sum };
}

/** The position at which the two sides of a track are least likely one speaker, or 0 if it should not be split. */
function bestCut(slots: Slots, rows: readonly number[], space: Variances, rules: SplitRules): number {
  const whole = new Float32Array(slots.to);
  let all = 0;
  for (const row of rows) all += addTo(whole, slots, row, rules);
  if (all < 2 * LEAST_SECONDS) return 0;
  const left = new Float32Array(slots.to);
  let before = 0;
  let best = 0;
  let least = rules.evidence;
  for (let at = 1; at < rows.length; at++) {
    before += addTo(left, slots, rows[at - 1]!, rules);
    if (before < LEAST_SECONDS || all - before < LEAST_SECONDS) continue;
    const right = whole.map((x, d) => x - left[d]!);
    const gain = mergeGain(space.between, [left, before], [right, all - before], rules);
    if (gain < least) {
      least = gain;
      best = at;
    }
  }
  return best;
}

type Side = readonly [sum: Float32Array, seconds: number];

function mergeGain(between: Float32Array, a: Side, b: Side, rules: SplitRules): number {
  const [x, n] = effective(a, rules);
  const [y, m] = effective(b, rules);
  return evidence(between, n + m, x, y) - evidence(between, n, x) - evidence(between, m, y);
}

function effective([sum, seconds]: Side, { rate, saturation }: SplitRules): [sum: Float32Array, count: number] {
  const count = observations(seconds * rate, saturation);
  return [sum.map((x) => (x * count) / seconds), count];
}

function addTo(sum: Float32Array, slots: Slots, row: number, { share }: SplitRules): number {
  const weight = secondsOf(slots, row, share);
  accumulate(sum, voiceOf(slots, row), weight);
  return weight;
}
