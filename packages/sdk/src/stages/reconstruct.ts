import { halfEven } from './half-even.ts';
import type { HeardWindows } from './heard-windows.ts';
import { type FrameTurn, TurnTracker } from './hysteresis.ts';
import { OverlapAdder } from './overlap-add.ts';
import type { Steps } from './steps.ts';

/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;
/** Score of a speaker who is on although no window says so: more speak than there are clusters. */
const LEAST_SCORE = 1e-3;
/** As the frames say. */
const PLAIN = { onset: 0, offset: 0, shortestGap: 0, shortestTurn: 0 };

/**
 * Turns as pyannote reconstructs them: at each frame as many speakers are on as the windows count on average (rounded,
 * halves to even), those whom most windows hear.
 * @param clusterOf By row (window × slots + slot): a cluster, or below 0 for nobody.
 * @param most Speakers at one time; 1 gives the exclusive view.
 * @returns In order of start; `score` is the mean share of a frame's windows that hear the speaker. More speakers than
 *   clusters where more are counted at once.
 */
export function* reconstruct(
  heard: HeardWindows,
  clusterOf: Int16Array,
  clusters: number,
  most = Number.POSITIVE_INFINITY,
): Steps<FrameTurn[]> {
  const { slots, frames } = heard;
  const speakers = Math.max(clusters, Math.min(slots, most));
  const turns: FrameTurn[] = [];
  const tracker = new TurnTracker(PLAIN, (turn) => turns.push(turn));
  // One more of both: how many speak.
  const shape = { frames, slots: slots + 1, speakers: speakers + 1, weight: new Float32Array(frames).fill(1) };
  const adder = new OverlapAdder({ ...shape, hop: heard.startOf(1) });
  const said = new Float32Array(frames * (slots + 1));
  const names = new Int16Array(slots + 1).fill(speakers);
  const on = new Float32Array(speakers);
  const emit = (shares: Float32Array) => {
    choose(shares, Math.min(most, halfEven(shares[speakers]!)), on);
    tracker.push(on);
  };
  for (let window = 0; window < heard.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    names.set(clusterOf.subarray(window * slots, (window + 1) * slots));
    say(heard.active(window), names, said);
    adder.add(said, names, emit, heard.startOf(window + 1) - heard.startOf(window));
  }
  adder.end(emit);
  tracker.end();
  return turns.sort((a, b) => a.start - b.start || a.end - b.end || a.speaker - b.speaker);
}

/** The window's activity, a cluster of two local speakers said once; in the last column how many are active. */
function say(active: Uint8Array, names: Int16Array, said: Float32Array): void {
  const slots = names.length - 1;
  for (let from = 0, to = 0; to < said.length; from += slots, to += slots + 1) {
    let count = 0;
    for (let slot = 0; slot < slots; slot++) {
      let own = active[from + slot]!;
      count += own;
      for (let other = 0; other < slot; other++) if (names[other] === names[slot] && active[from + other]) own = 0;
      said[to + slot] = own;
    }
    said[to + slots] = count;
  }
}

/** Keeps the `count` highest shares, ties to the lower index; 0 for the others. */
function choose(shares: Float32Array, count: number, on: Float32Array): void {
  on.fill(0);
  for (let left = Math.min(count, on.length); left > 0; left--) {
    let best = -1;
    for (let k = 0; k < on.length; k++) if (on[k] === 0 && (best < 0 || shares[k]! > shares[best]!)) best = k;
    on[best] = Math.max(LEAST_SCORE, shares[best]!);
  }
}
