import { type Slots, voiceOf } from './local-speaker-table.ts';
import type { LocalWindows } from './local-speakers.ts';
import { logLikelihood, type SpeakerModel } from './plda.ts';
import type { Steps } from './steps.ts';

/** How the evidence for a speaker is weighed against the continuity of adjacent windows. */
export interface DecodeRules {
  /** Factor on the log likelihood of a slot's voice, per second of speech. */
  readonly trust: number;
  /** Cost per second in which two overlapping windows disagree on whether a speaker is active. */
  readonly continuity: number;
}

/** Number of likeliest speakers considered for a slot. */
const CANDIDATES = 4;
/** Seconds added to a slot's clean speech, since overlapped speech is some evidence, too. */
const LEAST_SECONDS = 0.05;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 128;
const ROWS_PER_STEP = 256;

/** One assignment of speakers to the slots of a window. */
interface State {
  /** `[slots]`, −1 for a silent slot. */
  readonly speakers: readonly number[];
  readonly score: number;
}

/**
 * Assigns a speaker to each slot by the most likely sequence over the windows (Viterbi). Slots of one window are
 * different speakers if there are several speakers. Each slot should sound like its speaker, and windows that cover the
 * same audio should agree on who speaks in it. Keeps a few bytes per window, so that hours of audio fit.
 * @param scores `[rows, speakers]` of `speakerScoreSteps`.
 * @returns `[windows, slots]` speakers, −1 for silent slots.
 */
export function* decodeSteps(
  local: LocalWindows,
  slots: Slots,
  scores: Float32Array,
  speakers: number,
  rules: DecodeRules,
  frame: number,
): Steps<Int16Array> {
  const most = CANDIDATES ** local.slots;
  // For each state of a window: the speakers of its slots, and the best state of the previous window.
  const names = new Int16Array(local.windows * most * local.slots).fill(-1);
  const from = new Uint16Array(local.windows * most);
  let before: State[] = [];
  let totals: number[] = [];
  for (let window = 0; window < local.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    const states = statesOf(local, slots, scores, speakers, window);
    const differ = window > 0 ? differences(local, window, frame) : undefined;
    totals = states.map((state, i) => {
      names.set(state.speakers, (window * most + i) * local.slots);
      if (!differ) return state.score;
      let best = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < before.length; j++) {
        const total = totals[j]! - rules.continuity * disagreement(differ, before[j]!, state);
        if (total > best) {
          best = total;
          from[window * most + i] = j;
        }
      }
      return best + state.score;
    });
    before = states;
  }
  return traceBack(names, from, totals, local.slots, most);
}

/** Scaled log likelihood of every row under every speaker, `[rows, speakers]`. */
export function* speakerScoreSteps(slots: Slots, models: readonly SpeakerModel[], trust: number): Steps<Float32Array> {
  const rows = slots.window.length;
  const scores = new Float32Array(rows * models.length);
  for (let row = 0; row < rows; row++) {
    if (row % ROWS_PER_STEP === 0) yield;
    const weight = trust * (slots.clean[row]! + LEAST_SECONDS);
    models.forEach((model, k) => {
      scores[row * models.length + k] = weight * logLikelihood(model, voiceOf(slots, row));
    });
  }
  return scores;
}

/** All assignments of different speakers to the slots of a window, from each slot's likeliest speakers. */
function statesOf(local: LocalWindows, slots: Slots, scores: Float32Array, speakers: number, window: number): State[] {
  let states: State[] = [{ speakers: [], score: 0 }];
  for (let slot = 0; slot < local.slots; slot++) {
    const row = slots.rowAt[window * local.slots + slot]!;
    const silent: State[] = states.map((state) => ({ speakers: [...state.speakers, -1], score: state.score }));
    if (row < 0) {
      states = silent;
      continue;
    }
    const own = scores.subarray(row * speakers, (row + 1) * speakers);
    const likely = likeliest(own);
    const named = states.flatMap((state) =>
      likely
        // If there is only one speaker, all slots are assigned to it: a second voice has no cluster of its own.
        .filter((k) => speakers < 2 || !state.speakers.includes(k))
        .map((k) => ({ speakers: [...state.speakers, k], score: state.score + own[k]! })),
    );
    // More slots than speakers: the slot gets no speaker.
    states = named.length > 0 ? named : silent;
  }
  return states;
}

/** The best `CANDIDATES` speakers, best first; ties to the lower index. */
function likeliest(scores: Float32Array): number[] {
  const best: number[] = [];
  for (let k = 0; k < scores.length; k++) {
    let at = best.length;
    while (at > 0 && scores[best[at - 1]!]! < scores[k]!) at--;
    if (at >= CANDIDATES) continue;
    best.splice(at, 0, k);
    if (best.length > CANDIDATES) best.pop();
  }
  return best;
}

/** Differences in the frames that a window shares with the previous one, in seconds. */
interface Differences {
  readonly slots: number;
  /** `[slots, slots]`: difference in activity between a slot of the earlier and a slot of the later window. */
  readonly pair: Float64Array;
  /** `[slots]`: total activity of the slots of the earlier and of the later window. */
  readonly earlier: Float64Array;
  readonly later: Float64Array;
}

function differences(local: LocalWindows, window: number, frame: number): Differences {
  const { slots, frames } = local;
  const hop = local.step(window);
  const a = local.activity(window - 1);
  const b = local.activity(window);
  const pair = new Float64Array(slots * slots);
  const earlier = new Float64Array(slots);
  const later = new Float64Array(slots);
  for (let t = 0; t < frames - hop; t++) {
    for (let i = 0; i < slots; i++) {
      const x = a[(t + hop) * slots + i]!;
      earlier[i]! += x * frame;
      later[i]! += b[t * slots + i]! * frame;
      for (let j = 0; j < slots; j++) {
        const difference = Math.abs(x - b[t * slots + j]!) * frame;
        pair[i * slots + j]! += difference;
      }
    }
  }
  return { slots, pair, earlier, later };
}

/** Seconds in which two windows disagree on a speaker's activity, summed over speakers. */
function disagreement(differ: Differences, before: State, after: State): number {
  let sum = 0;
  for (let i = 0; i < differ.slots; i++) {
    const speaker = before.speakers[i]!;
    if (speaker < 0) continue;
    const j = after.speakers.indexOf(speaker);
    sum += (j < 0 ? differ.earlier[i] : differ.pair[i * differ.slots + j]) as number;
  }
  for (let j = 0; j < differ.slots; j++) {
    const speaker = after.speakers[j]!;
    if (speaker >= 0 && !before.speakers.includes(speaker)) sum += differ.later[j]!;
  }
  return sum;
}

/** The speakers along the best path, traced back from its end. */
function traceBack(
  names: Int16Array,
  from: Uint16Array,
  totals: readonly number[],
  slots: number,
  most: number,
): Int16Array {
  const windows = from.length / most;
  const speakerOf = new Int16Array(windows * slots);
  let at = 0;
  totals.forEach((total, i) => {
    if (total > totals[at]!) at = i;
  });
  for (let window = windows - 1; window >= 0; window--) {
    const state = window * most + at;
    speakerOf.set(names.subarray(state * slots, (state + 1) * slots), window * slots);
    at = from[state]!;
  }
  return speakerOf;
}
