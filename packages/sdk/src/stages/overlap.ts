/** When the second most active speaker is on, in frames in which two speak at once. */
export interface OverlapRules {
  /** Score that the second speaker must have: somebody must have been heard at least a little. */
  readonly least: number;
}

/** By how much a raised score exceeds the onset. */
const ABOVE = 1e-3;

/**
 * Two speak in this frame: the second most active speaker is on, however little was heard of them beside the louder one.
 * @param scores `[speakers]`, changed in place; ties go to the lower speaker. @param onset Above it a speaker is on.
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
