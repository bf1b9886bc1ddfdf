import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';

/** The error for networks, manifest and settings that do not fit together. */
export function incompatible({ id, version }: ModelManifest, what: string): VoiceFlowError {
  return new VoiceFlowError('model-incompatible', `${id}@${version}: ${what}`, {
    hint: 'use the manifest and the weights of the same model',
  });
}

/** @throws `model-incompatible` unless the sample rates of the networks are that of the manifest. */
export function checkRates(manifest: ModelManifest, ...rates: readonly (number | undefined)[]): void {
  if (rates.every((rate) => rate === manifest.sampleRate)) return;
  throw incompatible(manifest, `its networks need ${rates.join(' and ')} Hz, expected ${manifest.sampleRate} Hz`);
}

/** @throws `model-incompatible` unless a voice space takes the embeddings of a network. */
export function checkDimensions(manifest: ModelManifest, taken: number, output: number): void {
  if (taken === output) return;
  throw incompatible(manifest, `its voice space takes ${taken} dimensions, but its network outputs ${output}`);
}
