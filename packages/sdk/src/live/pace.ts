/** Milliseconds behind real time from which only every second or fourth window is heard. */
const LATE = [
  [60, 2],
  [180, 4],
] as const;
/** Milliseconds without being late after which windows are heard twice as often again: at first, and at most. */
const PATIENCE = [4_000, 64_000] as const;
/**
 * Milliseconds by which audio may come faster than it can be said: more is a recording, which is not in a hurry. Of what
 * is ahead of real time the second number is remembered, so that a session soon counts as live again.
 */
const AHEAD = { least: 2000, most: 4000 } as const;

/** What the sessions of one network share: those that open while others are late need not be late themselves first. */
export class Tempo {
  /** One of so many windows was to be heard, when a session was last late. */
  sparsity = 1;
  at = Number.NEGATIVE_INFINITY;
}

/**
 * Leaves out windows while a session is behind real time, so that it catches up: fewer looks cost some accuracy, late
 * ones help nobody. Audio that comes faster than real time is never late.
 *
 * It is slow to hear more again, and slower each time that this was too much: sessions of one machine are late
 * together, and if all heard everything as soon as none was late, they would be late again at once.
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
  /** Milliseconds by which the latest audio was ahead of real time, when it came. */
  #ahead = 0;
  #latest = Number.NEGATIVE_INFINITY;
  /** The latest audio came as a recording does. */
  #wasRecording = false;
  /** Milliseconds of audio that came so: none of it is late, whenever it is heard. */
  #unhurried = 0;
  /** The next window begins so many hops after the session did. */
  #next: number;
  /** And the next one that is to be heard. */
  #heard: number;
  readonly #tempo: Tempo;
  /** One of so many windows is to be heard. */
  #sparsity = 1;
  /** When the session was last late, or began to hear more. */
  #calmSince = Number.NEGATIVE_INFINITY;
  /** Milliseconds to be calm before it hears more. */
  #patience: number = PATIENCE[0];

  /**
   * @param shape Frames of a window, between windows, and from the first window's beginning to the session's; and the
   *   most that there may be between two that are heard.
   * @param frame Seconds of a frame. @param tempo Of the network. @param now Milliseconds.
   */
  constructor(
    shape: { readonly frames: number; readonly hop: number; readonly lead: number; readonly most: number },
    frame: number,
    tempo: Tempo = new Tempo(),
    now: () => number = () => performance.now(),
  ) {
    this.#hop = shape.hop;
    this.#frames = shape.frames;
    this.#frame = 1000 * frame;
    this.#now = now;
    this.#next = -shape.lead / shape.hop;
    this.#heard = this.#next;
    this.#most = shape.most;
    this.#tempo = tempo;
    if (now() - tempo.at < PATIENCE[0]) {
      this.#sparsity = tempo.sparsity;
      this.#calmSince = tempo.at;
    }
  }

  /** Audio has come. @param before Seconds of audio before it. @param seconds Of it. */
  arrived(before: number, seconds: number): void {
    const now = this.#now();
    const began = now - 1000 * before;
    this.#ahead = Math.min(AHEAD.most, Math.max(0, this.#ahead - (now - this.#latest)) + 1000 * seconds);
    this.#latest = now;
    // What a recording took to be heard does not make what comes after it late.
    this.#began = this.#wasRecording ? began : Math.min(this.#began, began);
    this.#wasRecording = this.#ahead > AHEAD.least;
    if (this.#wasRecording) this.#unhurried = 1000 * (before + seconds);
  }

  /** The next window is there: frames until the next one that is to be heard, or 0 if it is itself left out. */
  next(): number {
    const window = this.#next++;
    if (window < this.#heard) return 0;
    this.#adapt(window);
    let hops = 1;
    if (this.#isUnhurried(window)) return this.#hear(window, hops);
    for (const [, count] of LATE) {
      // Those that are heard are always the same ones: multiples of two and four, counted from the session's beginning.
      if (count <= this.#sparsity && window % count === 0 && count * this.#hop <= this.#most) hops = count;
    }
    return this.#hear(window, hops);
  }

  #hear(window: number, hops: number): number {
    this.#heard = window + hops;
    return hops * this.#hop;
  }

  #isUnhurried(window: number): boolean {
    return this.#wasRecording || this.#endOf(window) <= this.#unhurried;
  }

  /** Milliseconds of audio until a window's end. */
  #endOf(window: number): number {
    return (window * this.#hop + this.#frames) * this.#frame;
  }

  /** What the network says of a window has come. @param start Of the window, in frames from the session's beginning. */
  said(start: number): void {
    this.#adapt(start / this.#hop);
  }

  #adapt(window: number): void {
    const now = this.#now();
    const elapsed = now - this.#began;
    const late = this.#isUnhurried(window) ? 0 : elapsed - this.#endOf(window);
    const [first, most] = PATIENCE;
    let wanted = 1;
    for (const [least, count] of LATE) if (late > least) wanted = count;
    if (wanted > this.#sparsity) {
      // Late so soon after hearing more: that was too much.
      this.#patience = now - this.#calmSince < this.#patience ? Math.min(2 * this.#patience, most) : first;
      this.#sparsity = wanted;
    }
    if (wanted > 1) {
      this.#calmSince = now;
      Object.assign(this.#tempo, { sparsity: this.#sparsity, at: now });
    } else if (this.#sparsity > 1 && now - this.#calmSince > this.#patience) {
      this.#sparsity /= 2;
      this.#calmSince = now;
    }
  }
}
