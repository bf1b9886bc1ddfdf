import type { VoicedPiece } from './pieces.ts';
import { logLikelihood, project, type SpeakerModel, type VoiceSpace } from './plda.ts';
import type { Steps } from './steps.ts';

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
export interface PiecePosteriors {
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
