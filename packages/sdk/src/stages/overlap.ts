/** Rule for activating the second most active speaker in frames in which two speak at once. */
export interface OverlapRules {
  /** Minimum score of the second speaker, so that there is at least some evidence for it. */
  readonly least: number;
}

/** How much a raised score exceeds the onset. */
const ABOVE = 1e-3;

/**
 * For a frame in which two speak: raises the score of the second most active speaker above the onset.
 * @param scores `[speakers]`, changed in place; ties go to the lower index. @param onset Above it a speaker is active.
 */
export function raiseSecond(scores: Float32Array, { least }: OverlapRules, onset: number): void {
  let first = -1;
  let second = -1;
  for (let k = 0; k < scores.length; k++) {
    if (first < 0 || scores[k]! > scores[first]!) {
      second = first;
      first = k;
    } else if (second < 0 || scores[k]! > scores[second]!) second = k;
  }
  if (second < 0 || scores[second]! <= least) return;
  scores[second] = Math.max(scores[second]!, Math.min(1, onset + ABOVE));
}
