import type { Model } from '../contract/backend.ts';
import type { EmbeddingPart } from '../contract/model.ts';

/** Computes rows of features from samples that arrive in chunks. */
export interface FeatureSource {
  /** @param emit Gets each row that the samples complete; the view is valid during the call only. */
  push(samples: Float32Array, emit: (row: Float32Array) => void): void;
}

/** A loaded network that embeds pieces of speech. */
export interface Embedding {
  readonly model: Model;
  readonly part: EmbeddingPart;
  /** Creates the feature computation for one recording; its rows are 10 ms apart. */
  features(): FeatureSource;
  /**
   * Embeds a piece. @param rows Features, `[rows, bins]`, ≥ 1 row; changed in place.
   * @returns `[dimensions]`, unit length. @throws `aborted`; errors of the model.
   */
  voice(rows: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
}
