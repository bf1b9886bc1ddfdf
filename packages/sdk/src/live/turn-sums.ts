import { logOdds, type TurnEvidence } from '../stages/confidence.ts';
import type { SpeakerFrames } from './frame-scores.ts';
import type { LiveTurn } from './turn-builder.ts';

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
