import type { Embedding } from '../inference/embedding.ts';
import { InFlight } from '../inference/in-flight.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import type { Fbank } from '../stages/fbank.ts';
import type { JoinedSettings } from '../stages/joined-settings.ts';
import { type Piece, PieceCutter, type VoicedPiece } from '../stages/pieces.ts';
import { copyRows, RowStore } from '../stages/row-store.ts';

/**
 * Collects pieces of clean speech and their embeddings while a recording is read. The outputs of a segmentation network
 * determine the pieces; each goes through the embedding network once, as soon as no later window can change it. So only
 * the features of the latest windows are kept, and a few runs of the embedding network are in flight.
 */
export class PieceCollector {
  readonly #embedding: Embedding;
  readonly #segmentation: Segmentation;
  readonly #signal: AbortSignal | undefined;
  readonly #features: Fbank;
  /** The latest feature rows, indexed from the recording's start. */
  readonly #rows: RowStore;
  readonly #cutter: PieceCutter;
  readonly #pieces: (VoicedPiece | undefined)[] = [];
  readonly #running = new InFlight();
  #samples = 0;

  constructor(
    embedding: Embedding,
    segmentation: Segmentation,
    { target, gap }: JoinedSettings['pieces'],
    signal?: AbortSignal,
  ) {
    const { part, powerset } = segmentation;
    const frames = (seconds: number) => Math.max(1, Math.round((seconds * part.sampleRate) / part.frameStep));
    this.#embedding = embedding;
    this.#segmentation = segmentation;
    this.#signal = signal;
    this.#features = embedding.features();
    this.#rows = new RowStore(embedding.part.bins, Float32Array);
    this.#cutter = new PieceCutter(
      part.frames,
      powerset.classes,
      { target: frames(target), gap: frames(gap) },
      (piece) => this.#embed(piece),
    );
  }

  /** Adds the next samples, at the networks' rate. All samples of a window must come before its `window` call. */
  push(samples: Float32Array): void {
    this.#samples += samples.length;
    this.#features.push(samples, (row) => this.#rows.push(row));
  }

  /** Adds the next window. @param start First frame. @param scores `[frames, classes]`. @throws Network errors. */
  async window(start: number, scores: Float32Array): Promise<void> {
    this.#cutter.add(start, this.#segmentation.powerset.likeliest(scores));
    this.#rows.forget(this.#rowAt(this.#cutter.undecided));
    await this.#running.settle(this.#embedding.model.concurrency);
  }

  /** Ends the recording, after the last window. @throws Errors of the embedding network. */
  async end(): Promise<readonly VoicedPiece[]> {
    const { frameStart, frameStep } = this.#segmentation.part;
    this.#cutter.end(Math.max(1, Math.floor((this.#samples - frameStart) / frameStep + 0.5)));
    await this.#running.settle(0);
    return this.#pieces.filter((piece) => piece !== undefined);
  }

  /** Waits for runs in flight, ignoring their errors. */
  settled(): Promise<void> {
    return this.#running.settled();
  }

  #embed(piece: Piece): void {
    const rows = copyRows(this.#rows, this.#spansOf(piece));
    // A piece shorter than a feature frame, at the end of the recording.
    if (rows.length === 0) return;
    const at = this.#pieces.push(undefined) - 1;
    this.#running.add(
      this.#embedding.voice(rows, this.#signal).then((voice) => {
        this.#pieces[at] = { ...piece, voice };
      }),
    );
  }

  /** First feature row whose middle is in a frame or after it: Kaldi's frames of 25 ms every 10 ms. */
  #rowAt(frame: number): number {
    const { frameStart, frameStep, sampleRate } = this.#segmentation.part;
    const samples = frameStart + (frame - 0.5) * frameStep;
    return Math.max(0, Math.ceil((samples - 0.0125 * sampleRate) / (0.01 * sampleRate)));
  }

  #spansOf({ ranges }: Piece): [from: number, to: number][] {
    const spans: [from: number, to: number][] = [];
    for (let i = 0; i < ranges.length; i += 2) {
      const to = Math.min(this.#rows.rows, this.#rowAt(ranges[i + 1]!));
      spans.push([Math.min(to, this.#rowAt(ranges[i]!)), to]);
    }
    return spans;
  }
}
