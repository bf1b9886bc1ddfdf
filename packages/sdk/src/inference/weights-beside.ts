import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import { type CheckedBytes, readChecked } from './weights.ts';

/**
 * A file of a package beside its network, checked against the manifest; apart from the network's, since a page needs none.
 * @throws as `readChecked`; `model-not-found` where the package has none.
 */
export async function readBeside(pack: ModelPackage, name: string, signal?: AbortSignal): Promise<CheckedBytes> {
  return readChecked(pack, name, async () => {
    if (pack.readFile) return pack.readFile(name, signal);
    throw new VoiceFlowError('model-not-found', `the package of ${pack.manifest.id} gives no file beside its network`, {
      hint: `${name} is needed: give the package a readFile()`,
    });
  });
}
