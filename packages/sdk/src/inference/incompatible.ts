import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';

/** The error for networks, manifest and settings that do not fit together. */
export function incompatible({ id, version }: ModelManifest, what: string): VoiceFlowError {
  return new VoiceFlowError('model-incompatible', `${id}@${version}: ${what}`, {
    hint: 'use the manifest and the weights of the same model',
  });
}
