import type { SegmentationPart } from '../contract/model.ts';
import type { Piece, VoicedPiece } from '../stages/pieces.ts';
import { type Embedding, embedRows } from './embedding.ts';

/** Feature rows in one block. */
const BLOCK = 256;

/**
 * The voices of pieces while a recording is read: keeps the features of what is not decided yet, and a few runs of the
 * embedding network in flight.
 */
export class PieceVoices {
  readonly #embedding: Embedding;
  readonly #signal: AbortSignal | undefined;
  /** Samples to the middle of a feature row, and between rows. */
  readonly #rowStart: number;
  readonly #rowStep: number;
  readonly #part: SegmentationPart;
  readonly #blocks = new Map<number, Float32Array>();
  #rows = 0;
  #forgotten = 0;
  readonly #pieces: (VoicedPiece | undefined)[] = [];
  readonly #running: Promise<void>[] = [];
  #failure: unknown;

  constructor(embedding: Embedding, part: SegmentationPart, signal: AbortSignal | undefined) {
    this.#embedding = embedding;
    this.#part = part;
    this.#signal = signal;
    // Kaldi's frames of 25 ms every 10 ms.
    this.#rowStart = 0.0125 * part.sampleRate;
    this.#rowStep = 0.01 * part.sampleRate;
  }

  /** The next feature row, `[bins]`. */
  push(row: Float32Array): void {
    const at = this.#rows % BLOCK;
    const index = (this.#rows - at) / BLOCK;
    let block = this.#blocks.get(index);
    if (!block) {
      block = new Float32Array(BLOCK * row.length);
      this.#blocks.set(index, block);
    }
    block.set(row, at * row.length);
    this.#rows++;
  }

  /** Starts to embed a piece. Its features must still be there. */
  add(piece: Piece): void {
    const rows = this.#rowsOf(piece);
    // Shorter than a feature frame, at the very end of the recording.
    if (rows.length === 0) return;
    const at = this.#pieces.push(undefined) - 1;
    const run = embedRows(this.#embedding, rows, this.#signal).then(
      (voice) => {
        this.#pieces[at] = { ...piece, voice };
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    this.#running.push(run);
  }

  /** Features before a frame are needed no more. */
  forget(frame: number): void {
    const until = Math.floor(this.#rowAt(frame) / BLOCK);
    for (; this.#forgotten < until; this.#forgotten++) this.#blocks.delete(this.#forgotten);
  }

  /** Waits until a few runs are in flight at most. @throws what a run failed with. */
  async settle(most = this.#embedding.model.concurrency): Promise<void> {
    while (this.#running.length > most) await this.#running.shift();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** All pieces, in the order in which they were added. */
  async end(): Promise<readonly VoicedPiece[]> {
    await this.settle(0);
    return this.#pieces.filter((piece) => piece !== undefined);
  }

  /** Waits for what is in flight without asking what became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** First feature row whose middle lies in a frame or after it. */
  #rowAt(frame: number): number {
    const { frameStart, frameStep } = this.#part;
    return Math.max(0, Math.ceil((frameStart + (frame - 0.5) * frameStep - this.#rowStart) / this.#rowStep));
  }

  #rowsOf({ ranges }: Piece): Float32Array {
    const { bins } = this.#embedding.part;
    let count = 0;
    const spans: [from: number, to: number][] = [];
    for (let i = 0; i < ranges.length; i += 2) {
      const from = this.#rowAt(ranges[i] as number);
      const to = Math.min(this.#rows, this.#rowAt(ranges[i + 1] as number));
      if (to <= from) continue;
      spans.push([from, to]);
      count += to - from;
    }
    const rows = new Float32Array(count * bins);
    let at = 0;
    for (const [from, to] of spans) {
      for (let row = from; row < to; row++, at += bins) {
        const block = this.#blocks.get(Math.floor(row / BLOCK)) as Float32Array;
        const start = (row % BLOCK) * bins;
        rows.set(block.subarray(start, start + bins), at);
      }
    }
    return rows;
  }
}
