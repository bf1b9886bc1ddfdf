import type { Progress } from 'voiceflow-ml/core';
import type { Io } from './io.ts';
import { oneLine } from './printable.ts';

/** Milliseconds between redraws; more frequent ones would flicker. */
const REDRAW_MS = 100;
const BAR_CELLS = 24;
/** No estimate of the remaining time is shown before this share is done: it would be unreliable. */
const LEAST_SHARE_FOR_ETA = 0.03;

/** Progress of one file. */
interface Share {
  readonly done: number;
  /** Absent while unknown. */
  readonly total?: number;
  /** While `cluster`, the audio has been processed, and how long the rest takes is unknown. */
  readonly stage?: Progress['stage'];
}

/** A line on a terminal with the progress and the remaining time. Draws nothing when stderr is not a terminal. */
export class ProgressLine {
  readonly #io: Io;
  readonly #now: () => number;
  readonly #shares = new Map<string, Share>();
  readonly #startedAt: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #shown = false;
  #finished = 0;
  /** Total number of files. */
  readonly #files: number;
  readonly #unit: (value: number) => string;

  constructor(io: Io, files: number, unit: (value: number) => string, now: () => number = () => performance.now()) {
    this.#io = io;
    this.#files = files;
    this.#unit = unit;
    this.#now = now;
    this.#startedAt = now();
  }

  update(name: string, share: Share): void {
    if (!this.#io.errorScreen.isTerminal) return;
    this.#shares.set(name, share);
    const now = this.#now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#draw(name, share, now - this.#startedAt);
  }

  /** Reports that a file is finished, successfully or not. */
  finish(name: string): void {
    this.#shares.delete(name);
    this.#finished++;
  }

  /** Removes the line from the screen, so that other text can be written. */
  clear(): void {
    if (this.#shown) this.#io.err('\r\u001b[K', 'drawn');
    this.#shown = false;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(name: string, share: Share, elapsed: number): void {
    const part = shareOf(share);
    const all = this.#allShares();
    const bar = part === undefined ? this.#unit(share.done) : drawBar(part, this.#io.errorScreen.unicode);
    const percent = part === undefined ? '' : ` ${Math.floor(part * 100)} %`;
    const files = this.#files > 1 ? ` · file ${Math.min(this.#finished + 1, this.#files)} of ${this.#files}` : '';
    const isEstimable = all !== undefined && all >= LEAST_SHARE_FOR_ETA && all < 1;
    const eta = isEstimable ? ` · ${left((elapsed / all) * (1 - all))} left` : '';
    const rest = ` ${bar}${percent}${files}${eta}`;
    const room = this.#io.errorScreen.columns - 1;
    const line = (fit(oneLine(name), Math.max(8, room - rest.length)) + rest).slice(0, room);
    this.#io.err(`\r${line}\u001b[K`, 'drawn');
    this.#shown = true;
  }

  /**
   * Share of all files that is done. Files have equal weight, because a length is unknown before its file is opened.
   */
  #allShares(): number | undefined {
    let sum = this.#finished;
    for (const share of this.#shares.values()) {
      const part = shareOf(share);
      if (part === undefined) return undefined;
      sum += part;
    }
    return Math.min(1, sum / this.#files);
  }
}

/** Shows a progress line while `work` runs. */
export async function showProgress<T>(
  io: Io,
  name: string,
  unit: (value: number) => string,
  work: (onProgress: (share: Share) => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(io, 1, unit);
  try {
    return await work((share) => line.update(name, share));
  } finally {
    line.clear();
  }
}

function shareOf({ done, total, stage }: Share): number | undefined {
  if (stage === 'cluster') return 1;
  return total === undefined || !(total > 0) ? undefined : Math.max(0, Math.min(1, done / total));
}

function drawBar(share: number, unicode: boolean): string {
  const full = Math.round(share * BAR_CELLS);
  const [on, off] = unicode ? ['━', '╌'] : ['#', '-'];
  return on.repeat(full) + off.repeat(BAR_CELLS - full);
}

function fit(text: string, room: number): string {
  return text.length <= room ? text : `…${text.slice(text.length - room + 1)}`;
}

/** Formats a remaining time: `8 s`, `2 min 05 s`, `1 h 12 min`. */
export function left(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
}
