import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { EmbeddingPart, ModelManifest } from '../contract/model.ts';
import { subtractMean } from '../stages/fbank.ts';
import { normalise } from '../stages/vectors.ts';
import { floats } from './run-windows.ts';

/** A loaded embedding network: features of speech → the voice. */
export interface Embedding {
  readonly model: Model;
  readonly part: EmbeddingPart;
  readonly input: string;
  readonly output: string;
}

/** Checks that a manifest's embedding part and the loaded network belong together. @throws `model-incompatible`. */
export function embedding(manifest: ModelManifest, model: Model): Embedding {
  const part = manifest.embedding;
  if (!part) throw incompatible(manifest, 'its manifest has no part `embedding`');
  const input = model.inputs[0];
  const output = model.outputs[0];
  const bins = input?.dims[2];
  const dimensions = output?.dims[1];
  if (!input || !output || input.dims.length !== 3 || output.dims.length !== 2) {
    throw incompatible(manifest, 'a network from [N, T, bins] to [N, dimensions] was expected');
  }
  if (typeof bins === 'number' && bins !== part.bins) {
    throw incompatible(manifest, `the network takes ${bins} mel bins, the manifest says ${part.bins}`);
  }
  if (typeof dimensions === 'number' && dimensions !== part.dimensions) {
    throw incompatible(manifest, `the network gives ${dimensions} numbers, the manifest says ${part.dimensions}`);
  }
  return { model, part, input: input.name, output: output.name };
}

/**
 * The voice of a piece of speech. @param rows Its fbank, `[frames, bins]`, ≥ 1 frame; changed in place.
 * @returns `[dimensions]`, unit length. @throws `aborted`; of the model.
 */
export async function embedRows(
  { model, part, input, output }: Embedding,
  rows: Float32Array,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const data = repeated(subtractMean(rows, part.bins), part.leastFrames * part.bins);
  const feeds = { [input]: { type: 'float32' as const, dims: [1, data.length / part.bins, part.bins], data } };
  const outputs = await model.run(feeds, { signal });
  return normalise(floats(outputs, output, part.dimensions).slice());
}

/** At least `least` numbers: what is too short is said again. */
function repeated(rows: Float32Array, least: number): Float32Array {
  if (rows.length >= least) return rows;
  const times = Math.ceil(least / rows.length);
  const result = new Float32Array(times * rows.length);
  for (let i = 0; i < times; i++) result.set(rows, i * rows.length);
  return result;
}

function incompatible(manifest: ModelManifest, what: string): VoiceFlowError {
  return new VoiceFlowError('model-incompatible', `${manifest.id}@${manifest.version}: ${what}`, {
    hint: 'the manifest and the weights must belong together',
  });
}
