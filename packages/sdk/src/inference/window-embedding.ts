import { createResampler } from '../audio/resample.ts';
import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { accumulate, normalize } from '../stages/vectors.ts';
import { windowNetwork } from './network-shape.ts';
import type { Embedding, FeatureSource } from './piece-embedding.ts';
import { floats } from './run-windows.ts';

/** Samples go on in rows of this many seconds. */
const ROW_SECONDS = 0.01;
/** Windows begin this share of one apart: a piece of two seconds is heard three times. */
const HOP = 0.5;

/**
 * A network that hears windows of audio and tells the voices of a few local speakers in each, as one that gives the voice
 * of a piece: the mean of each window's main voice, weighted by its activity.
 * @throws `model-incompatible`.
 */
export function windowEmbedding(manifest: ModelManifest, model: Model): Embedding {
  const part = manifest.embedding;
  const rate = part?.windowRate;
  const network = windowNetwork(manifest, model);
  const { dimensions, window, frames, slots } = network;
  if (!part || rate === undefined || part.bins !== Math.round(part.sampleRate * ROW_SECONDS)) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${manifest.id}@${manifest.version}: its part \`embedding\` needs windowRate, and rows of 10 ms`,
    );
  }
  const hop = Math.round(window * HOP);
  return {
    model,
    part: { ...part, dimensions },
    features: () => new SampleRows(part.bins),
    voice: async (rows, signal) => {
      const resampler = createResampler(part.sampleRate, rate);
      const samples = concatenated([resampler.push(rows).slice(), resampler.end()]);
      const count = Math.max(1, Math.ceil((samples.length - window) / hop) + 1);
      const data = new Float32Array(count * window);
      for (let i = 0; i < count; i++) {
        // The last one ends with the piece; a piece that is shorter than a window is said again.
        const from = Math.max(0, Math.min(i * hop, samples.length - window));
        for (let t = 0; t < window; t++) data[i * window + t] = samples[(from + t) % samples.length]!;
      }
      const outputs = await model.run(
        { [network.input]: { type: 'float32', dims: [count, window], data } },
        { signal },
      );
      const activity = floats(outputs, network.activity, count * frames * slots);
      const embeddings = floats(outputs, network.embeddings, count * slots * dimensions);
      const sum = new Float32Array(dimensions);
      for (let i = 0; i < count; i++) {
        const { slot, weight } = mainSlot(activity.subarray(i * frames * slots, (i + 1) * frames * slots), slots);
        const at = (i * slots + slot) * dimensions;
        accumulate(sum, embeddings.subarray(at, at + dimensions), weight);
      }
      return normalize(sum);
    },
  };
}

function mainSlot(activity: Float32Array, slots: number): { slot: number; weight: number } {
  let best = { slot: 0, weight: 0 };
  for (let slot = 0; slot < slots; slot++) {
    let weight = 0;
    for (let i = slot; i < activity.length; i += slots) weight += activity[i]!;
    if (weight > best.weight) best = { slot, weight };
  }
  return best;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The samples themselves, in rows. */
class SampleRows implements FeatureSource {
  readonly #row: Float32Array;
  #filled = 0;

  constructor(length: number) {
    this.#row = new Float32Array(length);
  }

  push(samples: Float32Array, emit: (row: Float32Array) => void): void {
    for (let read = 0; read < samples.length; ) {
      const count = Math.min(this.#row.length - this.#filled, samples.length - read);
      this.#row.set(samples.subarray(read, read + count), this.#filled);
      this.#filled += count;
      read += count;
      if (this.#filled < this.#row.length) return;
      emit(this.#row);
      this.#filled = 0;
    }
  }
}
