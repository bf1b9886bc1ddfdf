import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import { type CheckedBytes, readChecked } from './weights.ts';

/**
 * Reads another file of a package than its network, checked against the manifest. In its own module, since web pages do
 * not need it.
 * @throws Same as `readChecked`; `model-not-found` if the package has no other files.
 */
export async function readExtraFile(pack: ModelPackage, name: string, signal?: AbortSignal): Promise<CheckedBytes> {
  return readChecked(pack, name, async () => {
    if (pack.readFile) return pack.readFile(name, signal);
    throw new VoiceFlowError(
      'model-not-found',
      `the package of ${pack.manifest.id} has no files other than its network`,
      {
        hint: `${name} is needed: implement readFile() in the package`,
      },
    );
  });
}
