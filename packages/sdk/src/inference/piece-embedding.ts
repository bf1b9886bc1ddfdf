import type { Model } from '../contract/backend.ts';
import type { EmbeddingPart } from '../contract/model.ts';

/** Makes rows of features of samples that come in pieces. */
export interface FeatureSource {
  /** @param emit Gets each row that the samples complete; the view is valid during the call only. */
  push(samples: Float32Array, emit: (row: Float32Array) => void): void;
}

/** A loaded network that gives the voice of a piece of speech. */
export interface Embedding {
  readonly model: Model;
  readonly part: EmbeddingPart;
  /** What turns a recording's samples into rows, 10 ms apart; one for each recording. */
  features(): FeatureSource;
  /**
   * The voice of a piece. @param rows Its features, `[rows, bins]`, ≥ 1 row; changed in place.
   * @returns `[dimensions]`, unit length. @throws `aborted`; of the model.
   */
  voice(rows: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
}
