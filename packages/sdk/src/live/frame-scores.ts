import type { RecentWindows } from './recent-windows.ts';

/** What the windows say of one speaker, frame by frame. */
export interface SpeakerFrames {
  /** Weighted mean of the activity of the slots given to the speaker, as overlap-adding a recording gives it. */
  readonly score: Float32Array;
  /** The same, each slot's part times the probability that it is this speaker. */
  readonly likely: Float32Array;
}

/**
 * @param weight `[frames]`: how far a window is to be trusted at each of its frames.
 * @returns For each speaker of the recent windows its frames in `[from, to)`.
 */
export function frameScores(
  recent: RecentWindows,
  weight: Float32Array,
  from: number,
  to: number,
): Map<number, SpeakerFrames> {
  const total = new Float32Array(to - from);
  const speakers = new Map<number, SpeakerFrames>();
  const { slots, frames } = recent;
  for (const window of recent.all) {
    const first = Math.max(0, from - window.start);
    const last = Math.min(frames, to - window.start);
    const offset = window.start - from;
    for (let f = first; f < last; f++) total[offset + f]! += weight[f]!;
    for (let slot = 0; slot < slots; slot++) {
      const speaker = window.speakerOf[slot]!;
      if (speaker < 0 || first >= last) continue;
      const own = speakers.get(speaker) ?? { score: new Float32Array(to - from), likely: new Float32Array(to - from) };
      speakers.set(speaker, own);
      const posterior = window.posterior[slot]!;
      for (let f = first; f < last; f++) {
        const part = weight[f]! * window.activity[f * slots + slot]!;
        own.score[offset + f]! += part;
        own.likely[offset + f]! += part * posterior;
      }
    }
  }
  for (const { score, likely } of speakers.values()) {
    total.forEach((sum, i) => {
      if (sum === 0) return;
      score[i]! /= sum;
      likely[i]! /= sum;
    });
  }
  return speakers;
}
