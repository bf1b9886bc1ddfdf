/** Milliseconds behind real time from which a session looks half as often. */
const LATE = 100;
/** Milliseconds of audio of which every window is heard: nobody is known yet, and the machine may just have woken. */
const FIRST = 2000;

/**
 * Leaves out every other window while a session is behind real time, so that it catches up: half as many looks cost some
 * accuracy, late ones help nobody. Audio that comes faster than real time is never late.
 */
export class Pace {
  readonly #hop: number;
  readonly #frames: number;
  /** Milliseconds of a frame. */
  readonly #frame: number;
  readonly #now: () => number;
  /** When the session's first sample was said, as far as arrivals tell. */
  #began = Number.POSITIVE_INFINITY;
  /** The next window begins so many hops after the session did. */
  #next: number;
  #leaveOut = false;

  /**
   * @param shape Frames of a window, between windows, and from the first window's beginning to the session's.
   * @param frame Seconds of a frame. @param now Milliseconds.
   */
  constructor(
    shape: { readonly frames: number; readonly hop: number; readonly lead: number },
    frame: number,
    now: () => number = () => performance.now(),
  ) {
    this.#hop = shape.hop;
    this.#frames = shape.frames;
    this.#frame = 1000 * frame;
    this.#now = now;
    this.#next = -shape.lead / shape.hop;
  }

  /** Audio has come. @param before Seconds of audio before it. */
  arrived(before: number): void {
    this.#began = Math.min(this.#began, this.#now() - 1000 * before);
  }

  /** The next window is there: frames until the one after it that should be looked at, or 0 if it is itself left out. */
  next(): number {
    const end = (this.#next * this.#hop + this.#frames) * this.#frame;
    const odd = this.#next++ % 2 !== 0;
    if (odd) return this.#leaveOut ? 0 : this.#hop;
    this.#leaveOut = end > FIRST && this.#now() - this.#began - end > LATE;
    return this.#leaveOut ? 2 * this.#hop : this.#hop;
  }
}
