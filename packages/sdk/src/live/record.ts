import { activeFrames, type LocalRecording } from '../stages/local-speakers.ts';
import { RowStore } from '../stages/row-store.ts';
import type { SpeechMask } from '../stages/speech.ts';

/** Maximum number of kept windows, 0.4 kB each: four hours with a step of half a second. */
const MOST_WINDOWS = 30_000;
/** Quantization levels of a probability, and of an embedding's values relative to the largest one. */
const [PROBABILITIES, NUMBERS] = [255, 127];

/** `hop`: frames between incoming windows. */
type Shape = Pick<LocalRecording, 'frames' | 'slots' | 'dimensions' | 'hop'>;

interface Keep {
  readonly above: number;
  readonly frames: number;
}

interface Kept {
  readonly activity: RowStore<Uint8Array>;
  readonly embeddings: RowStore<Int8Array>;
  /** `[windows × slots]`: row of the slot's embedding, −1 for none. */
  readonly rowOf: number[];
  /** `[rows]`: size of a quantization step of the embedding. */
  readonly steps: number[];
}

/**
 * The network outputs of a session, stored as one byte per number, so that the session can be clustered like a
 * recording at its end. When it is full, every other window is dropped; once the remaining windows hardly overlap any
 * more, the first half of the session is dropped instead.
 */
export class SessionRecord implements LocalRecording {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly #keep: Keep;
  readonly #most: number;
  #hop: number;
  #start = 0;
  #kept: Kept;
  /** Speech mask of the frames from `start` on, set at the end of the session. */
  mask: SpeechMask | undefined;

  /** @param keep A slot has an embedding when its activity is above `keep.above` in at least `keep.frames` frames. */
  constructor(shape: Shape, keep: Keep, most = MOST_WINDOWS) {
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.dimensions = shape.dimensions;
    this.#hop = shape.hop;
    this.#keep = keep;
    this.#most = most;
    this.#kept = this.#empty();
  }

  get hop(): number {
    return this.#hop;
  }

  get windows(): number {
    return this.#kept.activity.rows;
  }

  step(): number {
    return this.#hop;
  }

  startOf(window: number): number {
    return window * this.#hop;
  }

  /** First frame of the first kept window, in the session. */
  get start(): number {
    return this.#start;
  }

  /**
   * Adds the next window. Windows come every `hop` frames; those that do not begin at a multiple of two or four hops
   * may be missing. Windows that begin before the session are not kept.
   * @param start First frame. @param activity `[frames, slots]`. @param embeddings `[slots, dimensions]`, unit length.
   */
  add(start: number, activity: Float32Array, embeddings: Float32Array): void {
    const at = start - this.#start;
    // Some windows are missing: double the hop, which drops the others in between.
    while (at > this.windows * this.#hop) this.#thin(true);
    if (at < 0 || at % this.#hop !== 0) return;
    const { activity: rows, embeddings: vectors, rowOf, steps } = this.#kept;
    rows.push(activity.map((p) => Math.round(p * PROBABILITIES)));
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.#speaks(activity, slot)) {
        rowOf.push(-1);
        continue;
      }
      const embedding = embeddings.subarray(slot * this.dimensions, (slot + 1) * this.dimensions);
      const step = embedding.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / NUMBERS || 1;
      rowOf.push(vectors.push(embedding.map((x) => Math.round(x / step))));
      steps.push(step);
    }
    if (this.windows >= this.#most) this.#thin(this.#hop * 2 <= this.frames / 2);
  }

  unmaskedActivity(window: number): Float32Array {
    return scaled(this.#kept.activity.row(window), 1 / PROBABILITIES);
  }

  activity(window: number): Float32Array {
    const activity = this.unmaskedActivity(window);
    this.mask?.apply(activity, this.slots, this.startOf(window));
    return activity;
  }

  embedding(window: number, slot: number): Float32Array | undefined {
    const { embeddings, rowOf, steps } = this.#kept;
    const row = rowOf[window * this.slots + slot] ?? -1;
    if (row < 0 || (this.mask && !this.#speaks(this.activity(window), slot))) return undefined;
    return scaled(embeddings.row(row), steps[row]!);
  }

  #speaks(activity: Float32Array, slot: number): boolean {
    return activeFrames(activity, this.slots, slot, this.#keep.above) >= this.#keep.frames;
  }

  #empty(): Kept {
    return {
      activity: new RowStore(this.frames * this.slots, Uint8Array),
      embeddings: new RowStore(this.dimensions, Int8Array),
      rowOf: [],
      steps: [],
    };
  }

  /** Drops half of the windows. @param apart Keeps every other window instead of the second half. */
  #thin(apart: boolean): void {
    const { activity, embeddings, rowOf, steps } = this.#kept;
    const kept = this.#empty();
    // A multiple of four, since the windows at multiples of four are never skipped.
    const first = apart ? 0 : (activity.rows >> 3) << 2;
    for (let window = first; window < activity.rows; window += apart ? 2 : 1) {
      kept.activity.push(activity.row(window));
      for (let slot = 0; slot < this.slots; slot++) {
        const row = rowOf[window * this.slots + slot]!;
        kept.rowOf.push(row < 0 ? -1 : kept.embeddings.push(embeddings.row(row)));
        if (row >= 0) kept.steps.push(steps[row]!);
      }
    }
    this.#start += first * this.#hop;
    if (apart) this.#hop *= 2;
    this.#kept = kept;
  }
}

function scaled(row: Uint8Array | Int8Array, step: number): Float32Array {
  const numbers = new Float32Array(row.length);
  for (let i = 0; i < row.length; i++) numbers[i] = row[i]! * step;
  return numbers;
}
