import type { ModelManifest } from '../contract/model.ts';
import { incompatible } from './incompatible.ts';

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
