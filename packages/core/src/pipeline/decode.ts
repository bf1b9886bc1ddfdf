import { logLikelihood, type SpeakerModel } from '../cluster/voice-space.ts';
import type { LocalWindows } from './local.ts';
import { type Slots, voiceOf } from './slots.ts';

/** How the evidence for a speaker is weighed against the continuity of neighbouring windows. */
export interface DecodeRules {
  /** How far a second of a slot's voice is to be trusted: scales its log likelihood. */
  readonly trust: number;
  /** Cost of a second in which two windows that hear the same frame say different things of a speaker. */
  readonly continuity: number;
}

/** Speakers considered for a slot: the likeliest. */
const CANDIDATES = 4;
/** Seconds added to a slot's clean speech: overlapped speech says something of its speaker, too. */
const LEAST_SECONDS = 0.05;

/** One way to name the slots of a window. */
interface State {
  /** `[slots]`, −1 for a silent slot. */
  readonly speakers: readonly number[];
  readonly score: number;
}

/**
 * Who each slot is: the most likely sequence (Viterbi) over the windows. Slots of one window are different speakers;
 * each slot should sound like its speaker, and windows that hear the same audio should agree on who speaks in it.
 * @param scores `[rows, speakers]` of `speakerScores`.
 * @returns `[windows, slots]` speakers, −1 for silent slots.
 */
export function decode(
  local: LocalWindows,
  slots: Slots,
  scores: Float32Array,
  speakers: number,
  rules: DecodeRules,
  frame: number,
): Int16Array {
  const steps: State[][] = [];
  const from: Int32Array[] = [];
  let totals: number[] = [];
  for (let window = 0; window < local.windows; window++) {
    const states = statesOf(local, slots, scores, speakers, window);
    const before = steps[window - 1];
    const back = new Int32Array(states.length);
    if (before) {
      const differ = differences(local, window, frame);
      totals = states.map((state, i) => {
        let best = Number.NEGATIVE_INFINITY;
        before.forEach((earlier, j) => {
          const total = (totals[j] as number) - rules.continuity * disagreement(differ, earlier, state);
          if (total > best) {
            best = total;
            back[i] = j;
          }
        });
        return best + state.score;
      });
    } else {
      totals = states.map((state) => state.score);
    }
    steps.push(states);
    from.push(back);
  }
  return traceBack(steps, from, totals, local.slots);
}

/** Scaled log likelihood of every row under every speaker, `[rows, speakers]`. */
export function speakerScores(slots: Slots, models: readonly SpeakerModel[], trust: number): Float32Array {
  const rows = slots.window.length;
  const scores = new Float32Array(rows * models.length);
  for (let row = 0; row < rows; row++) {
    const weight = trust * ((slots.clean[row] as number) + LEAST_SECONDS);
    models.forEach((model, k) => {
      scores[row * models.length + k] = weight * logLikelihood(model, voiceOf(slots, row));
    });
  }
  return scores;
}

/** All ways to give different speakers, out of each slot's likeliest, to the slots of a window. */
function statesOf(local: LocalWindows, slots: Slots, scores: Float32Array, speakers: number, window: number): State[] {
  let states: State[] = [{ speakers: [], score: 0 }];
  for (let slot = 0; slot < local.slots; slot++) {
    const row = slots.rowAt[window * local.slots + slot] as number;
    const silent: State[] = states.map((state) => ({ speakers: [...state.speakers, -1], score: state.score }));
    if (row < 0) {
      states = silent;
      continue;
    }
    const own = scores.subarray(row * speakers, (row + 1) * speakers);
    const likely = likeliest(own);
    const named = states.flatMap((state) =>
      likely
        .filter((k) => !state.speakers.includes(k))
        .map((k) => ({ speakers: [...state.speakers, k], score: state.score + (own[k] as number) })),
    );
    // More slots than speakers: the slot stays nobody's.
    states = named.length > 0 ? named : silent;
  }
  return states;
}

function likeliest(scores: Float32Array): number[] {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return order.slice(0, CANDIDATES);
}

/** In the frames that a window shares with the one before, in seconds. */
interface Differences {
  readonly slots: number;
  /** `[slots, slots]`: by how much the activity of an earlier slot differs from that of a later one. */
  readonly pair: Float64Array;
  /** `[slots]`: activity of the earlier and of the later slots by themselves. */
  readonly earlier: Float64Array;
  readonly later: Float64Array;
}

function differences(local: LocalWindows, window: number, frame: number): Differences {
  const { slots, frames, hop } = local;
  const a = local.activity(window - 1);
  const b = local.activity(window);
  const pair = new Float64Array(slots * slots);
  const earlier = new Float64Array(slots);
  const later = new Float64Array(slots);
  for (let t = 0; t < frames - hop; t++) {
    for (let i = 0; i < slots; i++) {
      const x = a[(t + hop) * slots + i] as number;
      earlier[i] = (earlier[i] as number) + x * frame;
      later[i] = (later[i] as number) + (b[t * slots + i] as number) * frame;
      for (let j = 0; j < slots; j++) {
        const difference = Math.abs(x - (b[t * slots + j] as number)) * frame;
        pair[i * slots + j] = (pair[i * slots + j] as number) + difference;
      }
    }
  }
  return { slots, pair, earlier, later };
}

/** Seconds in which two windows tell different things of a speaker, summed over speakers. */
function disagreement(differ: Differences, before: State, after: State): number {
  let sum = 0;
  for (let i = 0; i < differ.slots; i++) {
    const speaker = before.speakers[i] as number;
    if (speaker < 0) continue;
    const j = after.speakers.indexOf(speaker);
    sum += (j < 0 ? differ.earlier[i] : differ.pair[i * differ.slots + j]) as number;
  }
  for (let j = 0; j < differ.slots; j++) {
    const speaker = after.speakers[j] as number;
    if (speaker >= 0 && !before.speakers.includes(speaker)) sum += differ.later[j] as number;
  }
  return sum;
}

function traceBack(
  steps: readonly State[][],
  from: readonly Int32Array[],
  totals: readonly number[],
  slots: number,
): Int16Array {
  const speakerOf = new Int16Array(steps.length * slots).fill(-1);
  let at = 0;
  totals.forEach((total, i) => {
    if (total > (totals[at] as number)) at = i;
  });
  for (let window = steps.length - 1; window >= 0; window--) {
    const state = steps[window]?.[at];
    if (state) speakerOf.set(state.speakers, window * slots);
    at = from[window]?.[at] ?? 0;
  }
  return speakerOf;
}
