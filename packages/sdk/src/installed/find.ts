import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import { modelFromFolder } from './folder.ts';
import { modelsFolder } from './home.ts';

/** Models that `voiceflow models pull` fetches. */
export const PULLED_MODELS = ['accurate', 'light', 'pyannote'] as const;

/** All models that can be selected by name: the embedded ones, and those that are fetched. */
export const MODEL_NAMES = ['standard', 'fast-cnn', ...PULLED_MODELS] as const;

/** Supported major version of each model. Other major versions need another pipeline or other settings. */
const SUPPORTED: Readonly<Record<string, number>> = { accurate: 3, light: 4, pyannote: 4 } satisfies Record<
  (typeof PULLED_MODELS)[number],
  number
>;

/**
 * Opens a model that was fetched with `voiceflow models pull NAME`: the latest supported version in the models folder
 * (`VOICEFLOW_MODELS`, else `models` in `VOICEFLOW_HOME` or in the user's cache). Its weights are checked when they are
 * read.
 * @throws `model-not-found` if it is not installed; `model-incompatible` if only unsupported versions are installed or
 *   the manifest is invalid; both with the command that fetches the model.
 */
export async function installedModel(name: string, models = modelsFolder()): Promise<ModelPackage> {
  const folder = join(models, name);
  const found = await readdir(folder).catch(() => [] as string[]);
  // A custom model's folder may have no version folders. Other entries, such as an unfinished pull, are ignored.
  if (found.includes('manifest.json')) return opened(name, folder);
  const versions = found.filter((version) => /^\d+(\.\d+)*$/.test(version)).sort(byVersion);
  const runs = SUPPORTED[name];
  const supported = versions.find((version) => runs === undefined || Number(version.split('.')[0]) === runs);
  if (supported !== undefined) return opened(name, join(folder, supported));
  if (versions.length === 0)
    throw modelError(name, 'model-not-found', `the model ${name} is not installed in ${models}`);
  const installed = `${name} ${versions.join(', ')} is installed in ${models}`;
  throw modelError(name, 'model-incompatible', `${installed}; this version of VoiceFlow supports ${name} ${runs}.x`);
}

async function opened(name: string, folder: string): Promise<ModelPackage> {
  try {
    return await modelFromFolder(folder);
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    throw modelError(name, error.code, error.message, error);
  }
}

function modelError(name: string, code: VoiceFlowError['code'], message: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError(code, message, { hint: `Run voiceflow models pull ${name}`, cause });
}

/** Sort order: latest version first. */
function byVersion(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = (y[i] ?? 0) - (x[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
