/** A piece of clean speech: frames in which one speaker speaks alone, from which one embedding is computed. */
export interface Piece {
  /** Frames on the recording's grid, in order, as `[start, end)` pairs. */
  readonly ranges: Int32Array;
  /** Total number of frames. */
  readonly frames: number;
}

/** A piece with its embedding. */
export interface VoicedPiece extends Piece {
  /** Unit-length embedding. */
  readonly voice: Float32Array;
}

export interface PieceRules {
  /** Target length in frames: longer speech is cut into pieces of three quarters to one and a half times this. */
  readonly target: number;
  /** Longest pause inside a piece, in frames. */
  readonly gap: number;
}

interface Open {
  /** In time order. */
  frames: number[];
  last: number;
}

interface WindowSolo {
  readonly start: number;
  /** `[frames]`: the only speaker of a frame, −1 for nobody, −2 for several. */
  readonly solo: Int8Array;
}

const NOBODY = -1;
const SEVERAL = -2;

/**
 * Cuts a recording into pieces with one speaker each, as windows arrive, so that no audio goes through the embedding
 * network twice. A frame is used if most windows that cover it detect exactly one speaker. It continues the piece whose
 * latest frame has the same local speaker in most of the windows that cover both frames. So speakers need not be
 * matched across windows first, and short answers of one speaker with pauses between them become one piece.
 */
export class PieceCutter {
  readonly #frames: number;
  readonly #solo: Int8Array;
  readonly #rules: PieceRules;
  readonly #emit: (piece: Piece) => void;
  #windows: WindowSolo[] = [];
  #open: Open[] = [];
  #next = 0;

  /**
   * @param frames Frames per window. @param classes The powerset classes. @param emit Gets each piece when it is
   *   complete, in order of completion.
   */
  constructor(
    frames: number,
    classes: readonly (readonly number[])[],
    rules: PieceRules,
    emit: (piece: Piece) => void,
  ) {
    this.#frames = frames;
    this.#solo = Int8Array.from(classes, (speakers) =>
      speakers.length === 1 ? speakers[0]! : speakers.length === 0 ? NOBODY : SEVERAL,
    );
    this.#rules = rules;
    this.#emit = emit;
  }

  /** First frame that may belong to a piece that is not emitted yet. */
  get undecided(): number {
    return this.#open.reduce((first, { frames, last }) => Math.min(first, frames[0] ?? last), this.#next);
  }

  /** Adds the next window. @param likeliest `[frames]`: likeliest class of each frame. */
  add(start: number, likeliest: Uint8Array): void {
    this.#decide(start);
    this.#windows.push({ start, solo: Int8Array.from(likeliest, (c) => this.#solo[c]!) });
  }

  /** Ends the recording, after the last window. @param frames Length of the recording; later frames are padding. */
  end(frames: number): void {
    this.#decide(frames);
    for (const open of this.#open) this.#close(open);
    this.#open = [];
  }

  #decide(until: number): void {
    for (; this.#next < until; this.#next++) {
      const frame = this.#next;
      if (this.#windows[0] && this.#windows[0]!.start + this.#frames <= frame) this.#windows.shift();
      this.#expire(frame);
      if (this.#alone(frame)) this.#place(frame);
    }
  }

  #alone(frame: number): boolean {
    let alone = 0;
    for (const { start, solo } of this.#windows) alone += solo[frame - start]! >= 0 ? 1 : -1;
    return alone > 0;
  }

  #place(frame: number): void {
    let best: Open | undefined;
    let most = 0.5;
    for (const open of this.#open) {
      const fit = this.#agreement(open.last, frame);
      if (fit > most || (fit === most && best && open.last > best.last)) {
        best = open;
        most = fit;
      }
    }
    if (!best) {
      best = { frames: [], last: frame };
      this.#open.push(best);
    }
    best.frames.push(frame);
    best.last = frame;
    const { target } = this.#rules;
    if (best.frames.length >= 2 * target) this.#emitPiece(best.frames.splice(0, target));
  }

  /** Share of the windows covering two frames that assign both to the same speaker. */
  #agreement(a: number, b: number): number {
    let both = 0;
    let same = 0;
    for (const { start, solo } of this.#windows) {
      if (start > a) break;
      const x = solo[a - start]!;
      const y = solo[b - start]!;
      if (x < 0 || y < 0) continue;
      both++;
      if (x === y) same++;
    }
    return both > 0 ? same / both : 0;
  }

  #expire(frame: number): void {
    if (!this.#open.some(({ last }) => frame - last > this.#rules.gap)) return;
    this.#open = this.#open.filter((open) => {
      if (frame - open.last <= this.#rules.gap) return true;
      this.#close(open);
      return false;
    });
  }

  #close({ frames }: Open): void {
    if (frames.length > 1.5 * this.#rules.target) this.#emitPiece(frames.splice(0, frames.length >> 1));
    if (frames.length > 0) this.#emitPiece(frames);
  }

  #emitPiece(frames: readonly number[]): void {
    const ranges: number[] = [];
    for (const frame of frames) {
      if (ranges.length > 0 && ranges[ranges.length - 1] === frame) ranges[ranges.length - 1] = frame + 1;
      else ranges.push(frame, frame + 1);
    }
    this.#emit({ ranges: Int32Array.from(ranges), frames: frames.length });
  }
}
