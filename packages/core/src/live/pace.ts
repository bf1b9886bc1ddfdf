/** Milliseconds behind real time from which only every second or fourth window is heard. */
const LATE = [
  [100, 2],
  [300, 4],
] as const;
/** Milliseconds of audio that may come at once in real time: more is a recording, which is not in a hurry. */
const AHEAD = 2000;

/**
 * Leaves out windows while a session is behind real time, so that it catches up: fewer looks cost some accuracy, late
 * ones help nobody. Audio that comes faster than real time is never late.
 */
export class Pace {
  readonly #hop: number;
  readonly #frames: number;
  readonly #most: number;
  /** Milliseconds of a frame. */
  readonly #frame: number;
  readonly #now: () => number;
  /** When the session's first sample was said, as far as arrivals tell. */
  #began = Number.POSITIVE_INFINITY;
  /** Milliseconds of audio that have come. */
  #received = 0;
  /** The next window begins so many hops after the session did. */
  #next: number;
  /** And the next one that is to be heard. */
  #heard: number;

  /**
   * @param shape Frames of a window, between windows, and from the first window's beginning to the session's; and the
   *   most that there may be between two that are heard.
   * @param frame Seconds of a frame. @param now Milliseconds.
   */
  constructor(
    shape: { readonly frames: number; readonly hop: number; readonly lead: number; readonly most: number },
    frame: number,
    now: () => number = () => performance.now(),
  ) {
    this.#hop = shape.hop;
    this.#frames = shape.frames;
    this.#frame = 1000 * frame;
    this.#now = now;
    this.#next = -shape.lead / shape.hop;
    this.#heard = this.#next;
    this.#most = shape.most;
  }

  /** Audio has come. @param before Seconds of audio before it. @param seconds Of it. */
  arrived(before: number, seconds: number): void {
    this.#began = Math.min(this.#began, this.#now() - 1000 * before);
    this.#received = 1000 * (before + seconds);
  }

  /** The next window is there: frames until the next one that is to be heard, or 0 if it is itself left out. */
  next(): number {
    const window = this.#next++;
    if (window < this.#heard) return 0;
    const elapsed = this.#now() - this.#began;
    const end = (window * this.#hop + this.#frames) * this.#frame;
    const late = this.#received > elapsed + AHEAD ? 0 : elapsed - end;
    let hops = 1;
    for (const [least, count] of LATE) {
      // Those that are heard are always the same ones: multiples of two and four, counted from the session's beginning.
      if (late > least && window % count === 0 && count * this.#hop <= this.#most) hops = count;
    }
    this.#heard = window + hops;
    return hops * this.#hop;
  }
}
