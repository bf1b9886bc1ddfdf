/**
 * Powerset classes: which local speakers are active in each class, in the order of pyannote's `Powerset`: nobody, each
 * one, each pair, … up to `atOnce` speakers at a time. For (3, 2): ∅, 0, 1, 2, 01, 02, 12.
 */
export function powersetClasses(speakers: number, atOnce: number): number[][] {
  const classes: number[][] = [[]];
  const grow = (chosen: number[], from: number, size: number): void => {
    if (chosen.length === size) {
      classes.push(chosen);
      return;
    }
    for (let speaker = from; speaker < speakers; speaker++) grow([...chosen, speaker], speaker + 1, size);
  };
  for (let size = 1; size <= Math.min(atOnce, speakers); size++) grow([], 0, size);
  return classes;
}

/** Converts scores of powerset classes to activity of local speakers. */
export class Powerset {
  readonly classes: readonly (readonly number[])[];
  readonly speakers: number;

  /** See `powersetClasses`; both numbers are at least 1. */
  constructor(speakers: number, atOnce: number) {
    this.classes = powersetClasses(speakers, atOnce);
    this.speakers = speakers;
  }

  /** Likeliest class of each frame, ties to the lower index. @param scores `[frames, classes]`. @returns `[frames]`. */
  likeliest(scores: Float32Array): Uint8Array {
    const width = this.classes.length;
    const result = new Uint8Array(scores.length / width);
    for (let frame = 0; frame < result.length; frame++) {
      let best = 0;
      for (let c = 1; c < width; c++) {
        if (scores[frame * width + c]! > scores[frame * width + best]!) best = c;
      }
      result[frame] = best;
    }
    return result;
  }

  /** Activity of each speaker, 0 or 1, in the likeliest class of each frame. @returns `[frames, speakers]`. */
  decisions(scores: Float32Array): Float32Array {
    const result = new Float32Array((scores.length / this.classes.length) * this.speakers);
    this.likeliest(scores).forEach((best, frame) => {
      for (const speaker of this.classes[best]!) result[frame * this.speakers + speaker] = 1;
    });
    return result;
  }

  /** Probabilities that at least one and at least two speakers are active. @returns `[frames, 2]`. */
  levels(scores: Float32Array): Float32Array {
    const width = this.classes.length;
    const result = new Float32Array((scores.length / width) * 2);
    for (let at = 0, to = 0; at < scores.length; at += width, to += 2) {
      let most = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < width; c++) most = Math.max(most, scores[at + c]!);
      const sums = [0, 0, 0];
      for (let c = 0; c < width; c++) {
        const size = Math.min(2, this.classes[c]!.length);
        sums[size]! += Math.exp(scores[at + c]! - most);
      }
      const [none = 0, one = 0, more = 0] = sums;
      result[to] = (one + more) / (none + one + more);
      result[to + 1] = more / (none + one + more);
    }
    return result;
  }

  /** Probability that at least two speakers are active. @param scores `[frames, classes]`. @returns `[frames]`. */
  overlap(scores: Float32Array): Float32Array {
    return this.levels(scores).filter((_, i) => i % 2 === 1);
  }

  /** Probability that anybody speaks: 1 − P(nobody). @param scores `[frames, classes]`. @returns `[frames]`. */
  speech(scores: Float32Array): Float32Array {
    const width = this.classes.length;
    const result = new Float32Array(scores.length / width);
    for (let frame = 0; frame < result.length; frame++) {
      const nobody = scores[frame * width]!;
      let others = 0;
      for (let c = 1; c < width; c++) others += Math.exp(scores[frame * width + c]! - nobody);
      // If `others` overflows to infinity, the probability is 1.
      result[frame] = 1 - 1 / (1 + others);
    }
    return result;
  }
}
