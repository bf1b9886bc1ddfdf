import type { Embedding, FeatureSource } from '../inference/piece-embedding.ts';
import { PieceVoices } from '../inference/piece-voices.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { PieceCutter, type VoicedPiece } from '../stages/pieces.ts';

/** Seconds; see `PieceRules`. */
interface Lengths {
  readonly target: number;
  readonly gap: number;
}

/**
 * Collects pieces of clean speech and their embeddings while a recording is read. The outputs of a segmentation network
 * determine the pieces; each goes through the embedding network once, as soon as no later window can change it. So only
 * the features of the latest windows are kept.
 */
export class PieceCollector {
  readonly #segmentation: Segmentation;
  readonly #features: FeatureSource;
  readonly #voices: PieceVoices;
  readonly #cutter: PieceCutter;
  #samples = 0;

  constructor(embedding: Embedding, segmentation: Segmentation, { target, gap }: Lengths, signal?: AbortSignal) {
    const { part, powerset } = segmentation;
    const frames = (seconds: number) => Math.max(1, Math.round((seconds * part.sampleRate) / part.frameStep));
    this.#segmentation = segmentation;
    this.#features = embedding.features();
    this.#voices = new PieceVoices(embedding, part, signal);
    this.#cutter = new PieceCutter(
      part.frames,
      powerset.classes,
      { target: frames(target), gap: frames(gap) },
      (piece) => this.#voices.add(piece),
    );
  }

  /** Adds the next samples, at the networks' rate. All samples of a window must come before its `window` call. */
  push(samples: Float32Array): void {
    this.#samples += samples.length;
    this.#features.push(samples, (row) => this.#voices.push(row));
  }

  /** Adds the next window. @param start First frame. @param scores `[frames, classes]`. @throws Network errors. */
  async window(start: number, scores: Float32Array): Promise<void> {
    this.#cutter.add(start, this.#segmentation.powerset.likeliest(scores));
    this.#voices.forget(this.#cutter.undecided);
    await this.#voices.settle();
  }

  /** Ends the recording, after the last window. @throws Errors of the embedding network. */
  async end(): Promise<readonly VoicedPiece[]> {
    const { frameStart, frameStep } = this.#segmentation.part;
    this.#cutter.end(Math.max(1, Math.floor((this.#samples - frameStart) / frameStep + 0.5)));
    return this.#voices.end();
  }

  /** Waits for runs in flight, ignoring their errors. */
  settled(): Promise<void> {
    return this.#voices.settled();
  }
}
