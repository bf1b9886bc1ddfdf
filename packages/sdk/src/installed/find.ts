import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import { modelFromFolder } from './folder.ts';
import { modelsFolder } from './home.ts';

/** Models that `voiceflow models pull` fetches. */
export const PULLED_MODELS = ['accurate', 'light', 'pyannote'] as const;

/**
 * A model that was fetched with `voiceflow models pull NAME`: its latest version below the folder of models
 * (`VOICEFLOW_MODELS`, else `models` of `VOICEFLOW_HOME` or of the user's cache). Its weights are checked when they are read.
 * @throws `model-not-found` where it is not there, with the command that fetches it; `model-incompatible`.
 */
export async function installedModel(name: string, models = modelsFolder()): Promise<ModelPackage> {
  const folder = join(models, name);
  const versions = await readdir(folder).catch(() => [] as string[]);
  // An unfinished pull lies beside; a folder of one's own may be without versions.
  if (versions.includes('manifest.json')) return modelFromFolder(folder);
  const latest = versions.filter((version) => /^\d+(\.\d+)*$/.test(version)).sort(byVersion)[0];
  if (latest !== undefined) return modelFromFolder(join(folder, latest));
  throw new VoiceFlowError('model-not-found', `the model ${name} is not installed below ${models}`, {
    hint: `Run voiceflow models pull ${name}`,
  });
}

/** Latest first. */
function byVersion(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = (y[i] ?? 0) - (x[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
