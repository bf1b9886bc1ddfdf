import type { SegmentationPart } from '../contract/model.ts';
import { FeatureRows } from '../stages/feature-rows.ts';
import type { Piece, VoicedPiece } from '../stages/pieces.ts';
import { InFlight } from './in-flight.ts';
import type { Embedding } from './piece-embedding.ts';

/**
 * Embeds pieces while a recording is read. Keeps the features of audio that may still become part of a piece, and a few
 * runs of the embedding network in flight.
 */
export class PieceVoices {
  readonly #embedding: Embedding;
  readonly #signal: AbortSignal | undefined;
  /** Samples to the middle of the first feature row, and between rows. */
  readonly #rowStart: number;
  readonly #rowStep: number;
  readonly #part: SegmentationPart;
  readonly #features: FeatureRows;
  readonly #pieces: (VoicedPiece | undefined)[] = [];
  readonly #running = new InFlight();

  constructor(embedding: Embedding, part: SegmentationPart, signal: AbortSignal | undefined) {
    this.#embedding = embedding;
    this.#part = part;
    this.#signal = signal;
    this.#features = new FeatureRows(embedding.part.bins);
    // Kaldi's frames of 25 ms every 10 ms.
    this.#rowStart = 0.0125 * part.sampleRate;
    this.#rowStep = 0.01 * part.sampleRate;
  }

  /** Adds the next feature row, `[bins]`. */
  push(row: Float32Array): void {
    this.#features.push(row);
  }

  /** Starts embedding a piece, whose features must still be kept. */
  add(piece: Piece): void {
    const rows = this.#features.copy(this.#spansOf(piece));
    // A piece shorter than a feature frame, at the end of the recording.
    if (rows.length === 0) return;
    const at = this.#pieces.push(undefined) - 1;
    this.#running.add(
      this.#embedding.voice(rows, this.#signal).then((voice) => {
        this.#pieces[at] = { ...piece, voice };
      }),
    );
  }

  /** Drops features before a frame. */
  forget(frame: number): void {
    this.#features.forget(this.#rowAt(frame));
  }

  /** Waits until at most `most` runs are in flight. @throws The first error of a run. */
  async settle(most = this.#embedding.model.concurrency): Promise<void> {
    await this.#running.settle(most);
  }

  /** Waits for all runs, and returns all pieces in the order in which they were added. */
  async end(): Promise<readonly VoicedPiece[]> {
    await this.settle(0);
    return this.#pieces.filter((piece) => piece !== undefined);
  }

  /** Waits for runs in flight, ignoring their errors. */
  async settled(): Promise<void> {
    await this.#running.settled();
  }

  /** First feature row whose middle is in a frame or after it. */
  #rowAt(frame: number): number {
    const { frameStart, frameStep } = this.#part;
    return Math.max(0, Math.ceil((frameStart + (frame - 0.5) * frameStep - this.#rowStart) / this.#rowStep));
  }

  #spansOf({ ranges }: Piece): [from: number, to: number][] {
    const spans: [from: number, to: number][] = [];
    for (let i = 0; i < ranges.length; i += 2) {
      const to = Math.min(this.#features.rows, this.#rowAt(ranges[i + 1]!));
      spans.push([Math.min(to, this.#rowAt(ranges[i]!)), to]);
    }
    return spans;
  }
}
