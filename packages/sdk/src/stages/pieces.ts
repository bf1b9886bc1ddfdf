/** Stretches in which one voice speaks alone, as far as the windows tell: the frames that one embedding is made of. */
export interface Piece {
  /** Frames of the recording's grid, in order: `[start, end)` pairs. */
  readonly ranges: Int32Array;
  /** Frames in all. */
  readonly frames: number;
}

/** A piece of clean speech with its voice. */
export interface VoicedPiece extends Piece {
  /** Unit length. */
  readonly voice: Float32Array;
}

export interface PieceRules {
  /** Frames that a piece should have: a long stretch is cut into pieces of three quarters to one and a half of it. */
  readonly target: number;
  /** Longest pause inside a piece, in frames. */
  readonly gap: number;
}

interface Open {
  /** In order. */
  frames: number[];
  last: number;
}

interface Heard {
  readonly start: number;
  /** `[frames]`: the one speaker of a frame, −1 for nobody, −2 for several. */
  readonly solo: Int8Array;
}

const NOBODY = -1;
const SEVERAL = -2;

/**
 * Cuts a recording into pieces of one voice each, as windows come, so that no audio goes through the embedding network
 * twice. A frame is alone when most windows that hear it hear one speaker. It continues the piece whose latest frame
 * most of the windows that hear both give to the same local speaker. So it needs no names across windows, and short
 * answers of one voice with pauses between become one piece.
 */
export class PieceCutter {
  readonly #frames: number;
  readonly #solo: Int8Array;
  readonly #rules: PieceRules;
  readonly #emit: (piece: Piece) => void;
  #windows: Heard[] = [];
  #open: Open[] = [];
  #next = 0;

  /**
   * @param frames Of a window. @param classes The powerset. @param emit Gets each piece when it is complete, in order of
   *   completion.
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

  /** Frames before this one are in pieces that were given, or in none. */
  get undecided(): number {
    return this.#open.reduce((first, { frames, last }) => Math.min(first, frames[0] ?? last), this.#next);
  }

  /** The next window. @param likeliest `[frames]` classes. */
  add(start: number, likeliest: Uint8Array): void {
    this.#decide(start);
    this.#windows.push({ start, solo: Int8Array.from(likeliest, (c) => this.#solo[c]!) });
  }

  /** After the last window. @param frames Of the recording: what is beyond is padding. */
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
    if (best.frames.length >= 2 * target) this.#give(best.frames.splice(0, target));
  }

  /** Share of the windows that hear both frames which give them to one speaker. */
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
    if (frames.length > 1.5 * this.#rules.target) this.#give(frames.splice(0, frames.length >> 1));
    if (frames.length > 0) this.#give(frames);
  }

  #give(frames: readonly number[]): void {
    const ranges: number[] = [];
    for (const frame of frames) {
      if (ranges.length > 0 && ranges[ranges.length - 1] === frame) ranges[ranges.length - 1] = frame + 1;
      else ranges.push(frame, frame + 1);
    }
    this.#emit({ ranges: Int32Array.from(ranges), frames: frames.length });
  }
}
