import { OverlapAdder, type OverlapShape } from './overlap-add.ts';
import type { VoicedPiece } from './pieces.ts';
import { logLikelihood, project, type SpeakerModel, type VoiceSpace } from './plda.ts';
import type { Steps } from './steps.ts';

/** Probabilities above which one speaker is active (`speech`), and a second one (`overlap`). */
export interface ActiveSpeakersRules {
  readonly speech: number;
  readonly overlap: number;
}

/** Minimum score of an active speaker. */
const LEAST_SCORE = 0.01;

/**
 * Counted reconstruction: decides who is active in each frame by choosing the most active speakers, as many as the
 * network detects. The number of speakers in a frame is more reliable than the assignment of local speakers to
 * speakers. Combines windows like `OverlapAdder`.
 */
export class ActiveSpeakersAdder {
  readonly #shape: OverlapShape;
  readonly #rules: ActiveSpeakersRules;
  readonly #adder: OverlapAdder;
  readonly #activity: Float32Array;
  readonly #speakerOf: Int16Array;
  readonly #row: Float32Array;
  readonly #pieces: PiecePosteriors | undefined;
  #frame = 0;

  constructor(shape: OverlapShape, rules: ActiveSpeakersRules, pieces?: PiecePosteriors) {
    const { slots, speakers, frames } = shape;
    this.#shape = shape;
    this.#rules = rules;
    this.#pieces = pieces;
    // Two additional slots and speakers carry the probabilities of at least one and at least two speakers.
    this.#adder = new OverlapAdder({ ...shape, slots: slots + 2, speakers: speakers + 2 });
    this.#activity = new Float32Array(frames * (slots + 2));
    this.#speakerOf = Int16Array.from({ length: slots + 2 }, (_, i) => speakers + i - slots);
    this.#row = new Float32Array(speakers);
  }

  /** Adds a window; see `OverlapAdder`. @param levels `[frames, 2]`. */
  add(activity: Float32Array, levels: Float32Array, speakerOf: ArrayLike<number>): void {
    const { slots } = this.#shape;
    const all = this.#activity;
    for (let frame = 0, from = 0, to = 0; to < all.length; frame++, from += slots, to += slots + 2) {
      for (let slot = 0; slot < slots; slot++) all[to + slot] = activity[from + slot]!;
      all[to + slots] = levels[2 * frame]!;
      all[to + slots + 1] = levels[2 * frame + 1]!;
    }
    for (let slot = 0; slot < slots; slot++) this.#speakerOf[slot] = speakerOf[slot]!;
    this.#adder.add(all, this.#speakerOf);
  }

  /** Takes the next frame: `[speakers]` scores of the active speakers, 0 for the others; see `OverlapAdder`. */
  take(): Float32Array {
    const { speech, overlap } = this.#rules;
    const { speakers } = this.#shape;
    const scores = this.#adder.take();
    const row = this.#row.fill(0);
    this.#pieces?.add(this.#frame++, scores);
    const one = scores[speakers]! > speech;
    const first = one ? this.#best(scores, -1) : -1;
    const second = one && scores[speakers + 1]! > overlap ? this.#best(scores, first) : -1;
    if (first >= 0) row[first] = Math.max(LEAST_SCORE, scores[first]!);
    if (second >= 0) row[second] = Math.max(LEAST_SCORE, scores[second]!);
    return row;
  }

  /** The most active speaker other than `but`, ties to the lower index; −1 if nobody is active. */
  #best(scores: Float32Array, but: number): number {
    let best = -1;
    let most = 0;
    for (let k = 0; k < this.#shape.speakers; k++) {
      if (k === but || scores[k]! <= most) continue;
      best = k;
      most = scores[k]!;
    }
    return best;
  }
}

/** How much the embedding of a piece of speech contributes to the scores of speakers. */
export interface PieceRules {
  /** Weight of the pieces, relative to a total weight of 1 of the windows. */
  readonly weight: number;
  /** Factor on the log likelihood per second of a piece. */
  readonly trust: number;
}

/** A few milliseconds of work. */
const PIECES_PER_STEP = 64;

/** Adds evidence from pieces to each frame: a window's local speaker may mix two people, a piece contains one. */
interface PiecePosteriors {
  /** Adds the posteriors of a frame to the speakers' scores. @param scores `[speakers …]`. */
  add(frame: number, scores: Float32Array): void;
}

/** Computes the posteriors of the speakers for each piece from its embedding alone. */
export function* piecePosteriors(
  pieces: readonly VoicedPiece[],
  models: readonly SpeakerModel[],
  space: VoiceSpace,
  frame: number,
  rules: PieceRules,
): Steps<PiecePosteriors> {
  const end = pieces.reduce((most, { ranges }) => Math.max(most, ranges[ranges.length - 1]!), 0);
  const pieceOf = new Int32Array(end).fill(-1);
  const posterior = new Float32Array(pieces.length * models.length);
  const voice = new Float32Array(space.to);
  for (const [index, piece] of pieces.entries()) {
    if (index % PIECES_PER_STEP === 0) yield;
    for (let i = 0; i < piece.ranges.length; i += 2) pieceOf.fill(index, piece.ranges[i], piece.ranges[i + 1]);
    project(space, piece.voice, voice);
    const scale = rules.trust * piece.frames * frame;
    const own = models.map((model) => scale * logLikelihood(model, voice));
    const most = Math.max(...own);
    const all = own.reduce((sum, x) => sum + Math.exp(x - most), 0);
    own.forEach((x, k) => {
      posterior[index * models.length + k] = (rules.weight * Math.exp(x - most)) / all;
    });
  }
  return {
    add: (at, scores) => {
      const index = pieceOf[at] ?? -1;
      if (index < 0) return;
      for (let k = 0; k < models.length; k++) {
        scores[k]! += posterior[index * models.length + k]!;
      }
    },
  };
}
