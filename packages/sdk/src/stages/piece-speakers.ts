import type { LocalRecording } from './local-speakers.ts';
import type { VoicedPiece } from './pieces.ts';
import { accumulate } from './vectors.ts';

/** Seconds per frame, and from the recording's start to the start of its first frame. */
interface Grid {
  readonly frame: number;
  readonly offset: number;
}

interface PieceSource {
  readonly pieces: readonly VoicedPiece[];
  /** Frame grid of the pieces. */
  readonly grid: Grid;
  /** Seconds per frame of the local speakers. */
  readonly frame: number;
  /** Activity above which a local speaker speaks. */
  readonly on: number;
  /** `[dimensions]`: the embedding for local speakers without a piece. */
  readonly mean: Float32Array;
}

/** `[frames]`: the piece that contains each frame of the local speakers, −1 for none. */
function pieceOfFrames(frames: number, { pieces, grid, frame }: PieceSource): Int32Array {
  const pieceOf = new Int32Array(frames).fill(-1);
  const at = (index: number) => Math.max(0, Math.round((index * grid.frame + grid.offset) / frame));
  pieces.forEach(({ ranges }, piece) => {
    for (let i = 0; i < ranges.length; i += 2) pieceOf.fill(piece, at(ranges[i]!), at(ranges[i + 1]!));
  });
  return pieceOf;
}

/**
 * The local speakers of a recording with embeddings of pieces: the mean over the pieces that a local speaker speaks,
 * weighted by the number of frames in which it is the most active one of its window.
 */
export function byPieces(local: LocalRecording, source: PieceSource): LocalRecording {
  const { pieces, mean, on } = source;
  const { frames, slots } = local;
  const pieceOf = pieceOfFrames(local.startOf(local.windows) + frames, source);
  const voice = new Float32Array(mean.length);
  return revoiced(local, mean.length, (window, slot) => {
    const activity = local.activity(window);
    const start = local.startOf(window);
    const shares = new Map<number, number>();
    let all = 0;
    for (let t = 0; t < frames; t++) {
      const piece = pieceOf[start + t]!;
      const own = activity[t * slots + slot]!;
      if (piece < 0 || own <= on || !isMostActive(activity, t * slots, slots, slot)) continue;
      shares.set(piece, (shares.get(piece) ?? 0) + 1);
      all++;
    }
    if (all === 0) return mean;
    voice.fill(0);
    for (const [piece, share] of shares) accumulate(voice, pieces[piece]!.voice, share / all);
    return voice;
  });
}

function isMostActive(activity: Float32Array, at: number, slots: number, slot: number): boolean {
  for (let other = 0; other < slots; other++) {
    if (other !== slot && activity[at + other]! >= activity[at + slot]!) return false;
  }
  return true;
}

/** The local speakers of a recording with the embeddings of both, concatenated as in `joinedSpace`. */
export function joinedVoices(local: LocalRecording, other: LocalRecording): LocalRecording {
  const voice = new Float32Array(local.dimensions + other.dimensions);
  return revoiced(local, voice.length, (window, slot, own) => {
    voice.set(own);
    voice.set(other.embedding(window, slot)!, own.length);
    return voice;
  });
}

/** Replaces the embeddings of a recording. @param voice Returns that of a local speaker, valid until the next call. */
function revoiced(
  local: LocalRecording,
  dimensions: number,
  voice: (window: number, slot: number, own: Float32Array) => Float32Array,
): LocalRecording {
  const { windows, frames, slots, hop, mask } = local;
  return {
    windows,
    frames,
    slots,
    hop,
    mask,
    dimensions,
    step: (window) => local.step(window),
    startOf: (window) => local.startOf(window),
    activity: (window) => local.activity(window),
    embedding: (window, slot) => {
      const own = local.embedding(window, slot);
      return own && voice(window, slot, own);
    },
  };
}
