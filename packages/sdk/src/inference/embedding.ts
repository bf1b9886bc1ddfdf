import type { Model } from '../contract/backend.ts';
import type { EmbeddingPart, ModelManifest } from '../contract/model.ts';
import { Fbank, subtractMean } from '../stages/fbank.ts';
import { normalize } from '../stages/vectors.ts';
import { incompatible } from './incompatible.ts';
import { floats } from './window-runner.ts';

/** A loaded network that embeds pieces of speech. */
export interface Embedding {
  readonly model: Model;
  readonly part: EmbeddingPart;
  /** Creates the feature computation for one recording; its rows are 10 ms apart. */
  features(): Fbank;
  /**
   * Embeds a piece. @param rows Features, `[rows, bins]`, ≥ 1 row; changed in place.
   * @returns `[dimensions]`, unit length. @throws `aborted`; errors of the model.
   */
  voice(rows: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
}

/** Checks that a manifest's embedding part and the loaded network fit together. @throws `model-incompatible`. */
export function embedding(manifest: ModelManifest, model: Model): Embedding {
  const part = manifest.embedding;
  if (!part) throw incompatible(manifest, 'its manifest has no part `embedding`');
  const input = model.inputs[0];
  const output = model.outputs[0];
  const bins = input?.dims[2];
  const dimensions = output?.dims[1];
  if (!input || !output || input.dims.length !== 3 || output.dims.length !== 2) {
    throw incompatible(manifest, 'expected a network from [N, T, bins] to [N, dimensions]');
  }
  if (typeof bins === 'number' && bins !== part.bins) {
    throw incompatible(manifest, `the network takes ${bins} mel bins, expected ${part.bins} as in the manifest`);
  }
  if (typeof dimensions === 'number' && dimensions !== part.dimensions) {
    throw incompatible(
      manifest,
      `the network outputs ${dimensions} dimensions, expected ${part.dimensions} as in the manifest`,
    );
  }
  return {
    model,
    part,
    features: () => new Fbank(part),
    voice: async (rows, signal) => {
      const data = repeated(subtractMean(rows, part.bins), part.leastFrames * part.bins);
      const dims = [1, data.length / part.bins, part.bins];
      const outputs = await model.run({ [input.name]: { type: 'float32', dims, data } }, { signal });
      const voice = floats(outputs, output.name, part.dimensions);
      return normalize(part.rectified ? voice.map((x) => Math.max(0, x)) : voice.slice());
    },
  };
}

/** Repeats the rows until there are at least `least` numbers. */
function repeated(rows: Float32Array, least: number): Float32Array {
  if (rows.length >= least) return rows;
  const times = Math.ceil(least / rows.length);
  const result = new Float32Array(times * rows.length);
  for (let i = 0; i < times; i++) result.set(rows, i * rows.length);
  return result;
}
