import type { BinarizedWindows } from './binarized-recording.ts';
import { halfEven } from './half-even.ts';
import { type FrameTurn, TurnTracker } from './hysteresis.ts';
import { OverlapAdder } from './overlap-add.ts';
import type { Steps } from './steps.ts';

/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;
/** Minimum score of an active speaker, for frames with more speakers than clusters. */
const LEAST_SCORE = 1e-3;
/** Turns exactly as the frames are, without hysteresis or minimum lengths. */
const PLAIN = { onset: 0, offset: 0, shortestGap: 0, shortestTurn: 0 };

/**
 * Reconstructs turns like pyannote: the number of active speakers in a frame is the mean count over its windows
 * (rounded, halves to even); the active ones are those detected in most windows.
 * @param clusterOf By row (window × slots + slot): a cluster, or below 0 for none.
 * @param most Maximum number of speakers at once; 1 gives turns without overlap.
 * @returns Turns in order of start; `score` is the mean share of a frame's windows that detect the speaker. There can
 *   be more speakers than clusters, if more are counted at once.
 */
export function* reconstruct(
  recording: BinarizedWindows,
  clusterOf: Int16Array,
  clusters: number,
  most = Number.POSITIVE_INFINITY,
): Steps<FrameTurn[]> {
  const { slots, frames } = recording;
  const speakers = Math.max(clusters, Math.min(slots, most));
  const turns: FrameTurn[] = [];
  const tracker = new TurnTracker(PLAIN, (turn) => turns.push(turn));
  // One additional slot and speaker carry the number of active speakers.
  const shape = { frames, slots: slots + 1, speakers: speakers + 1, weight: new Float32Array(frames).fill(1) };
  const adder = new OverlapAdder(shape);
  const activity = new Float32Array(frames * (slots + 1));
  const speakerOf = new Int16Array(slots + 1).fill(speakers);
  const on = new Float32Array(speakers);
  for (let window = 0; window < recording.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    speakerOf.set(clusterOf.subarray(window * slots, (window + 1) * slots));
    writeActivity(recording.active(window), speakerOf, activity);
    adder.add(activity, speakerOf);
    const isLast = window + 1 === recording.windows;
    const finished = isLast ? frames : recording.startOf(window + 1) - recording.startOf(window);
    for (let i = 0; i < finished; i++) {
      const shares = adder.take();
      choose(shares, Math.min(most, halfEven(shares[speakers]!)), on);
      tracker.push(on);
    }
  }
  tracker.end();
  return turns.sort((a, b) => a.start - b.start || a.end - b.end || a.speaker - b.speaker);
}

/** Writes the window's activity (two local speakers of one cluster count once), with the count in the last column. */
function writeActivity(active: Uint8Array, speakerOf: Int16Array, activity: Float32Array): void {
  const slots = speakerOf.length - 1;
  for (let from = 0, to = 0; to < activity.length; from += slots, to += slots + 1) {
    let count = 0;
    for (let slot = 0; slot < slots; slot++) {
      let own = active[from + slot]!;
      count += own;
      for (let other = 0; other < slot; other++)
        if (speakerOf[other] === speakerOf[slot] && active[from + other]) own = 0;
      activity[to + slot] = own;
    }
    activity[to + slots] = count;
  }
}

/** Keeps the `count` highest shares, ties to the lower index, and sets the others to 0. */
function choose(shares: Float32Array, count: number, on: Float32Array): void {
  on.fill(0);
  for (let left = Math.min(count, on.length); left > 0; left--) {
    let best = -1;
    for (let k = 0; k < on.length; k++) if (on[k] === 0 && (best < 0 || shares[k]! > shares[best]!)) best = k;
    on[best] = Math.max(LEAST_SCORE, shares[best]!);
  }
}
