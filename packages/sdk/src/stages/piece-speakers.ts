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
export class PieceSpeakers implements LocalRecording {
  readonly windows: number;
  readonly frames: number;
  readonly slots: number;
  readonly hop: number;
  readonly dimensions: number;
  readonly #local: LocalRecording;
  readonly #source: PieceSource;
  /** `[frames]`. */
  readonly #pieceOf: Int32Array;

  constructor(local: LocalRecording, source: PieceSource) {
    this.windows = local.windows;
    this.frames = local.frames;
    this.slots = local.slots;
    this.hop = local.hop;
    this.dimensions = source.mean.length;
    this.#local = local;
    this.#source = source;
    this.#pieceOf = pieceOfFrames(local.startOf(local.windows) + local.frames, source);
  }

  step(window: number): number {
    return this.#local.step(window);
  }

  startOf(window: number): number {
    return this.#local.startOf(window);
  }

  activity(window: number): Float32Array {
    return this.#local.activity(window);
  }

  embedding(window: number, slot: number): Float32Array | undefined {
    if (!this.#local.embedding(window, slot)) return undefined;
    const { pieces, mean, on } = this.#source;
    const { slots, frames } = this;
    const activity = this.activity(window);
    const start = this.startOf(window);
    const shares = new Map<number, number>();
    let all = 0;
    for (let t = 0; t < frames; t++) {
      const piece = this.#pieceOf[start + t]!;
      const own = activity[t * slots + slot]!;
      if (piece < 0 || own <= on || !isMostActive(activity, t * slots, slots, slot)) continue;
      shares.set(piece, (shares.get(piece) ?? 0) + 1);
      all++;
    }
    if (all === 0) return mean;
    const voice = new Float32Array(mean.length);
    for (const [piece, share] of shares) accumulate(voice, pieces[piece]!.voice, share / all);
    return voice;
  }
}

function isMostActive(activity: Float32Array, at: number, slots: number, slot: number): boolean {
  for (let other = 0; other < slots; other++) {
    if (other !== slot && activity[at + other]! >= activity[at + slot]!) return false;
  }
  return true;
}
