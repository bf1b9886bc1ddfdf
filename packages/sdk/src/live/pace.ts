/** `[delay, count]`: from this many milliseconds behind real time, only one of `count` windows is processed. */
const LATE = [
  [60, 2],
  [180, 4],
] as const;
/** Milliseconds without delay after which twice as many windows are processed again: initial value, and maximum. */
const CALM_MS = [4_000, 64_000] as const;
/**
 * Audio that arrives more than `least` milliseconds ahead of real time comes from a recording, and is never late. The
 * lead is capped at `most` milliseconds, so that the session soon counts as live again when real-time audio follows.
 */
const AHEAD = { least: 2000, most: 4000 } as const;

/** State shared by the sessions of one network: a session that opens while others are late starts at their pace. */
export class SharedPace {
  /** When a session was last late, one of this many windows was processed. */
  sparsity = 1;
  /** Time in milliseconds at which a session was last late. */
  lateAt = Number.NEGATIVE_INFINITY;
}

/**
 * Skips windows while a session is behind real time, so that it catches up: fewer windows cost some accuracy, but late
 * events are of no use. Audio that comes faster than real time is never late.
 *
 * The rate is raised again slowly, and more slowly each time that this proved too much: all sessions of a machine are
 * late at the same time, and if all of them returned to the full rate at once, they would be late again immediately.
 */
export class Pace {
  readonly #hop: number;
  readonly #frames: number;
  readonly #most: number;
  /** Milliseconds per frame. */
  readonly #frame: number;
  readonly #now: () => number;
  /** When the session's first sample was spoken, estimated from the times of arrival. */
  #began = Number.POSITIVE_INFINITY;
  /** Milliseconds by which the latest audio was ahead of real time when it arrived. */
  #ahead = 0;
  #latest = Number.NEGATIVE_INFINITY;
  /** Whether the latest audio came from a recording (see `AHEAD`). */
  #wasRecording = false;
  /** Milliseconds of audio up to the end of the recording part: windows before it are never late. */
  #recordedUntil = 0;
  /** Start of the next window, in hops from the session's beginning. */
  #next: number;
  /** Start of the next window to be processed, in hops. */
  #nextRun: number;
  readonly #shared: SharedPace;
  /** One of this many windows is processed. */
  #sparsity = 1;
  /** When the session was last late, or last raised its rate. */
  #calmSince = Number.NEGATIVE_INFINITY;
  /** Milliseconds without delay before the rate is raised. */
  #calmMs: number = CALM_MS[0];

  /**
   * @param shape In frames: length of a window, distance between windows, distance from the first window's start to the
   *   session's, and the maximum distance between two processed windows.
   * @param frame Seconds per frame. @param shared Shared with the network's other sessions. @param now Clock in ms.
   */
  constructor(
    shape: { readonly frames: number; readonly hop: number; readonly lead: number; readonly most: number },
    frame: number,
    shared: SharedPace = new SharedPace(),
    now: () => number = () => performance.now(),
  ) {
    this.#hop = shape.hop;
    this.#frames = shape.frames;
    this.#frame = 1000 * frame;
    this.#now = now;
    this.#next = -shape.lead / shape.hop;
    this.#nextRun = this.#next;
    this.#most = shape.most;
    this.#shared = shared;
    if (now() - shared.lateAt < CALM_MS[0]) {
      this.#sparsity = shared.sparsity;
      this.#calmSince = shared.lateAt;
    }
  }

  /** Records the arrival of audio. @param before Seconds of audio before it. @param seconds Its length. */
  arrived(before: number, seconds: number): void {
    const now = this.#now();
    const began = now - 1000 * before;
    this.#ahead = Math.min(AHEAD.most, Math.max(0, this.#ahead - (now - this.#latest)) + 1000 * seconds);
    this.#latest = now;
    // The time spent on processing a recording does not make the audio after it late.
    this.#began = this.#wasRecording ? began : Math.min(this.#began, began);
    this.#wasRecording = this.#ahead > AHEAD.least;
    if (this.#wasRecording) this.#recordedUntil = 1000 * (before + seconds);
  }

  /** Called for each window. @returns Frames until the next window to be processed, or 0 if this one is skipped. */
  next(): number {
    const window = this.#next++;
    if (window < this.#nextRun) return 0;
    this.#adapt(window);
    let hops = 1;
    if (this.#isRecorded(window)) return this.#schedule(window, hops);
    for (const [, count] of LATE) {
      // The processed windows are always multiples of two or four hops from the session's beginning.
      if (count <= this.#sparsity && window % count === 0 && count * this.#hop <= this.#most) hops = count;
    }
    return this.#schedule(window, hops);
  }

  #schedule(window: number, hops: number): number {
    this.#nextRun = window + hops;
    return hops * this.#hop;
  }

  #isRecorded(window: number): boolean {
    return this.#wasRecording || this.#endOf(window) <= this.#recordedUntil;
  }

  /** End of a window, in milliseconds of audio. */
  #endOf(window: number): number {
    return (window * this.#hop + this.#frames) * this.#frame;
  }

  /** Called when the network's output for a window is ready. @param start First frame of the window in the session. */
  processed(start: number): void {
    this.#adapt(start / this.#hop);
  }

  #adapt(window: number): void {
    const now = this.#now();
    const elapsed = now - this.#began;
    const late = this.#isRecorded(window) ? 0 : elapsed - this.#endOf(window);
    const [first, most] = CALM_MS;
    let wanted = 1;
    for (const [least, count] of LATE) if (late > least) wanted = count;
    if (wanted > this.#sparsity) {
      // Late soon after raising the rate: that was too much.
      this.#calmMs = now - this.#calmSince < this.#calmMs ? Math.min(2 * this.#calmMs, most) : first;
      this.#sparsity = wanted;
    }
    if (wanted > 1) {
      this.#calmSince = now;
      Object.assign(this.#shared, { sparsity: this.#sparsity, lateAt: now });
    } else if (this.#sparsity > 1 && now - this.#calmSince > this.#calmMs) {
      this.#sparsity /= 2;
      this.#calmSince = now;
    }
  }
}
