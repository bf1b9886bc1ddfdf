/** How a gate's probabilities and the activity of the speakers make the scores of a frame. */
export interface FusionRules {
  /**
   * Weight of the probability that somebody speaks in the score of the most active speaker, 0–1. The rest is the weight
   * of the speaker's own activity.
   */
  readonly speech: number;
  /** The same for the probability that two speak in the score of the second most active speaker. */
  readonly two: number;
  /** Score from which a second speaker begins to speak: its score is scaled so that this is the onset of a turn. */
  readonly second: number;
}

/** Minimum activity of a second speaker: without any, nothing says who it is. */
const LEAST_ACTIVITY = 0.02;

/**
 * Fuses the activity of a frame's speakers with what the gate says of the frame. The gate hears ten seconds, so it knows
 * better whether one or two people speak; the activity says who. Of more than two speakers the others are lowered.
 * @param scores `[speakers]`, 0–1, changed in place; ties go to the lower index.
 * @param speech Probability that somebody speaks. @param two Probability that at least two speak.
 * @param onset Score above which a turn begins.
 */
export function fuse(scores: Float32Array, speech: number, two: number, rules: FusionRules, onset: number): void {
  const [first, second] = twoMostActive(scores);
  const one = (scores[first] ?? 0) * (1 - rules.speech) + speech * rules.speech;
  const other = scores[second] ?? 0;
  for (let k = 0; k < scores.length; k++) scores[k]! *= 1 - rules.speech;
  if (first >= 0) scores[first] = one;
  if (second < 0) return;
  const score = other * (1 - rules.two) + two * rules.two;
  scores[second] = other > LEAST_ACTIVITY ? Math.min(one, (score * onset) / rules.second) : 0;
}

/** Indices of the two highest scores; −1 where there is no speaker. */
function twoMostActive(scores: Float32Array): [first: number, second: number] {
  let first = -1;
  let second = -1;
  for (let k = 0; k < scores.length; k++) {
    if (first < 0 || scores[k]! > scores[first]!) {
      second = first;
      first = k;
    } else if (second < 0 || scores[k]! > scores[second]!) second = k;
  }
  return [first, second];
}
