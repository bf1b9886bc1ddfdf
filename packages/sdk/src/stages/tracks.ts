import { assignment } from './hungarian.ts';
import { type Slots, voiceOf } from './local-speaker-table.ts';
import type { LocalWindows } from './local-speakers.ts';
import type { Steps } from './steps.ts';
import { accumulate, dot } from './vectors.ts';

/** When slots of adjacent windows are linked as one voice. */
export interface LinkRules {
  /** Minimum share of their activity that they have in common, in the frames that both windows cover. */
  readonly overlap: number;
  /** Minimum cosine of their vectors in the voice space. */
  readonly similarity: number;
}

/** Chains of slots of adjacent windows with the same voice: fewer and more reliable points to cluster. */
export interface Tracks {
  /** `[rows of slots]`: track of each slot. */
  readonly trackOf: Int32Array;
  /** `[tracks]`: seconds of clean speech; audio in several windows counts once. */
  readonly seconds: Float64Array;
  /** `[tracks]` rows of `[to]`: sum of the slots' vectors in the voice space, weighted by their seconds. */
  readonly sum: readonly Float32Array[];
}

/** Seconds that a slot without clean speech still counts for, so that it has some weight. */
const LEAST_SECONDS = 0.02;
/** Minimum total activity, in frames, that two slots must have in the common frames to be compared. */
const LEAST_COMMON = 4;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;

/** Links slots to slots of the previous window with similar activity and voice. One pass, O(windows × slots²). */
export function* linkTrackSteps(local: LocalWindows, slots: Slots, rules: LinkRules): Steps<Tracks> {
  const trackOf = new Int32Array(slots.window.length).fill(-1);
  const seconds: number[] = [];
  const sum: Float32Array[] = [];
  for (let window = 0; window < local.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    const share = local.step(window) / local.frames;
    const rows = speaking(slots, local.slots, window);
    const linked = window > 0 ? links(local, slots, speaking(slots, local.slots, window - 1), rows, rules) : [];
    rows.forEach((row, i) => {
      const before = linked[i] ?? -1;
      let track = before < 0 ? -1 : trackOf[before]!;
      if (track < 0) {
        track = seconds.push(0) - 1;
        sum.push(new Float32Array(slots.to));
      }
      const weight = secondsOf(slots, row, share);
      trackOf[row] = track;
      seconds[track]! += weight;
      accumulate(sum[track]!, voiceOf(slots, row), weight);
    });
  }
  return { trackOf, seconds: Float64Array.from(seconds), sum };
}

/** Seconds that a slot adds to its track. @param share The part of a window that the previous one does not cover. */
export function secondsOf(slots: Slots, row: number, share: number): number {
  return (slots.clean[row]! + LEAST_SECONDS) * share;
}

function speaking(slots: Slots, perWindow: number, window: number): number[] {
  const rows: number[] = [];
  for (let slot = 0; slot < perWindow; slot++) {
    const row = slots.rowAt[window * perWindow + slot]!;
    if (row >= 0) rows.push(row);
  }
  return rows;
}

/** For each row of a window, the row of the previous window that it continues, or −1. */
function links(local: LocalWindows, slots: Slots, before: number[], rows: number[], rules: LinkRules): number[] {
  if (before.length === 0 || rows.length === 0) return [];
  const fit = new Float64Array(rows.length * before.length);
  rows.forEach((row, i) => {
    before.forEach((earlier, j) => {
      const overlap = commonActivity(local, slots, earlier, row);
      const similarity = overlap >= rules.overlap ? cosine(voiceOf(slots, earlier), voiceOf(slots, row)) : -1;
      fit[i * before.length + j] = similarity >= rules.similarity ? 2 + overlap + similarity : 0;
    });
  });
  const pairs = assignment(fit, rows.length, before.length, { maximize: true });
  return rows.map((_, i) => {
    const j = pairs[i]!;
    return j >= 0 && fit[i * before.length + j]! > 0 ? before[j]! : -1;
  });
}

/** Σ min / Σ max of two slots' activities in the frames that both windows cover. */
function commonActivity(local: LocalWindows, slots: Slots, earlier: number, later: number): number {
  const a = local.activity(slots.window[earlier]!);
  const b = local.activity(slots.window[later]!);
  const from = slots.slot[earlier]!;
  const to = slots.slot[later]!;
  let least = 0;
  let most = 0;
  const step = local.step(slots.window[later]!);
  for (let frame = step; frame < local.frames; frame++) {
    const x = a[frame * local.slots + from]!;
    const y = b[(frame - step) * local.slots + to]!;
    least += Math.min(x, y);
    most += Math.max(x, y);
  }
  return most > LEAST_COMMON ? least / most : 0;
}

function cosine(x: Float32Array, y: Float32Array): number {
  const lengths = Math.sqrt(dot(x, x) * dot(y, y));
  return lengths > 0 ? dot(x, y) / lengths : 0;
}
