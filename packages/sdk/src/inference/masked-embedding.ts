import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { EmbeddingPart, ModelManifest } from '../contract/model.ts';
import { subtractMean } from '../stages/fbank.ts';
import { incompatible } from './incompatible.ts';
import type { LinearLayer, PooledNetwork } from './onnx-graph.ts';
import { checkFinite } from './window-runner.ts';

/** A loaded embedding network with masked pooling: one run gives the embeddings of all local speakers of a window. */
export interface MaskedEmbedding {
  readonly model: Model;
  readonly part: EmbeddingPart;
  readonly input: string;
  /** Name of the output with the features to pool, `[N, channels …, T]`. */
  readonly features: string;
  readonly head: LinearLayer;
}

/** Checks that manifest and network fit together. @throws `model-incompatible`. */
export function maskedEmbedding(
  manifest: ModelManifest,
  model: Model,
  { features, head }: PooledNetwork,
): MaskedEmbedding {
  const part = manifest.embedding;
  const input = model.inputs[0];
  const valid =
    part !== undefined && input?.dims.length === 3 && head.to === part.dimensions && head.bias.length === head.to;
  if (valid && head.from % 2 === 0) return { model, part, input: input.name, features, head };
  throw incompatible(
    manifest,
    `expected a network from [N, T, bins] to ${part?.dimensions ?? 'some'} dimensions; its last layer outputs ${head.to}`,
  );
}

/** The features to pool, `[channels, frames]`. */
export interface PooledFeatures {
  readonly data: Float32Array;
  readonly frames: number;
}

/**
 * Runs the network once.
 * @param rows Fbank, `[T, bins]`; changed in place.
 * @throws `aborted`; `backend-failed` for numbers that are not finite; errors of the model.
 */
export async function poolable(
  { model, part, input, features, head }: MaskedEmbedding,
  rows: Float32Array,
  signal?: AbortSignal,
): Promise<PooledFeatures> {
  const data = subtractMean(rows, part.bins);
  const feeds = { [input]: { type: 'float32' as const, dims: [1, data.length / part.bins, part.bins], data } };
  const tensor = (await model.run(feeds, { signal }))[features];
  const channels = head.from / 2;
  if (tensor?.type === 'float32' && tensor.data.length > 0 && tensor.data.length % channels === 0) {
    checkFinite(tensor.data, features);
    return { data: tensor.data, frames: tensor.data.length / channels };
  }
  throw new VoiceFlowError(
    'model-incompatible',
    `output "${features}" is ${tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'missing'}, expected float32 numbers in ${channels} rows`,
  );
}

/** Avoids a division by zero, as in pyannote. */
const EPSILON = 1e-8;

/**
 * The embedding of the frames in a mask: weighted mean and standard deviation over time, then the last layer.
 * @param mask Weights ≥ 0 for any number of frames of the same audio; resampled to the network's frames by nearest
 *   neighbor. @returns `[dimensions]`.
 */
export function pooledVoice(
  { data, frames }: PooledFeatures,
  mask: ArrayLike<number>,
  head: LinearLayer,
): Float32Array {
  const weight = Float64Array.from({ length: frames }, (_, t) => mask[Math.floor((t * mask.length) / frames)]!);
  let sum = EPSILON;
  let squares = 0;
  for (const w of weight) {
    sum += w;
    squares += w * w;
  }
  const channels = data.length / frames;
  const statistics = new Float32Array(2 * channels);
  for (let c = 0; c < channels; c++) {
    let mean = 0;
    for (let t = 0; t < frames; t++) mean += weight[t]! * data[c * frames + t]!;
    mean /= sum;
    let variance = 0;
    for (let t = 0; t < frames; t++) variance += weight[t]! * (data[c * frames + t]! - mean) ** 2;
    statistics[c] = mean;
    statistics[channels + c] = Math.sqrt(variance / (sum - squares / sum + EPSILON));
  }
  return head.bias.map((bias, row) => {
    let total = bias;
    for (let i = 0; i < head.from; i++) total += head.weights[row * head.from + i]! * statistics[i]!;
    return total;
  });
}

/**
 * The frames of a window from which a local speaker is embedded: those in which it speaks alone, or all of its frames
 * if it speaks alone in no more than `least` frames.
 * @param active `[frames, slots]`, 0 or 1.
 */
export function voiceMask(active: Uint8Array, slots: number, slot: number, least: number): Uint8Array {
  const frames = active.length / slots;
  const alone = new Uint8Array(frames);
  let count = 0;
  for (let frame = 0; frame < frames; frame++) {
    if (!active[frame * slots + slot]) continue;
    let speakers = 0;
    for (let other = 0; other < slots; other++) speakers += active[frame * slots + other]!;
    if (speakers > 1) continue;
    alone[frame] = 1;
    count++;
  }
  return count > least ? alone : alone.map((_, frame) => active[frame * slots + slot]!);
}
