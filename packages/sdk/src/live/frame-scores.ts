import { logOdds, type TurnEvidence } from '../stages/confidence.ts';
import type { RecentWindows } from './recent-windows.ts';
import type { LiveTurn } from './turn-builder.ts';

/** Scores of one speaker for each frame, combined over the windows. */
interface SpeakerFrames {
  /** Weighted mean of the unmasked activity of the slots assigned to the speaker, as overlap-add computes it for a recording. */
  readonly score: Float32Array;
  /** The same, with each slot's part multiplied by the probability that it is this speaker. */
  readonly likely: Float32Array;
}

/**
 * @param weight `[frames]`: weight of a window at each of its frames.
 * @returns For each speaker of the recent windows, the scores of the frames in `[from, to)`.
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
        const part = weight[f]! * window.unmasked[f * slots + slot]!;
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

interface Sums {
  readonly frames: number;
  readonly score: number;
  readonly likely: number;
}

const NONE: Sums = { frames: 0, score: 0, likely: 0 };

/** Sums from which the confidence of open turns is computed: over their final frames, plus the tentative ones. */
export class TurnSums {
  #sums = new Map<number, Sums>();

  /** @param frames Scores of the speakers from frame `from` on. */
  of(turn: LiveTurn, frames: ReadonlyMap<number, SpeakerFrames>, from: number): TurnEvidence {
    const { frames: count, score, likely } = this.#with(turn, frames, from, turn.end);
    return {
      activity: logOdds(count > 0 ? score / count : 0),
      identity: logOdds(score > 0 ? likely / score : 0.5),
    };
  }

  /** Keeps only the sums of open turns, over their frames before `final`. */
  keep(open: readonly LiveTurn[], frames: ReadonlyMap<number, SpeakerFrames>, from: number, final: number): void {
    this.#sums = new Map(open.map((turn) => [turn.id, this.#with(turn, frames, from, Math.min(final, turn.end))]));
  }

  #with(turn: LiveTurn, frames: ReadonlyMap<number, SpeakerFrames>, from: number, end: number): Sums {
    const own = frames.get(turn.speaker);
    let { frames: count, score, likely } = this.#sums.get(turn.id) ?? NONE;
    for (let i = Math.max(0, turn.start - from); own && i < end - from; i++) {
      count++;
      score += own.score[i]!;
      likely += own.likely[i]!;
    }
    return { frames: count, score, likely };
  }
}
