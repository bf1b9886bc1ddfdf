import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import { modelFromFolder } from './folder.ts';
import { modelsFolder } from './home.ts';

/** Models that `voiceflow models pull` fetches. */
export const PULLED_MODELS = ['accurate', 'light', 'pyannote'] as const;

/** The first number of the versions that this code runs: another one is another pipeline, or other settings. */
const RUNS: Readonly<Record<string, number>> = { accurate: 2, light: 3, pyannote: 4 } satisfies Record<
  (typeof PULLED_MODELS)[number],
  number
>;

/**
 * A model that was fetched with `voiceflow models pull NAME`: the latest version that this code runs, below the folder of
 * models (`VOICEFLOW_MODELS`, else `models` of `VOICEFLOW_HOME` or of the user's cache). Its weights are checked when they are read.
 * @throws `model-not-found` where it is not there, `model-incompatible` where other versions alone are there or the
 *   manifest is none, both with the command that fetches it.
 */
export async function installedModel(name: string, models = modelsFolder()): Promise<ModelPackage> {
  const folder = join(models, name);
  const found = await readdir(folder).catch(() => [] as string[]);
  // An unfinished pull lies beside; a folder of one's own may be without versions.
  if (found.includes('manifest.json')) return opened(name, folder);
  const versions = found.filter((version) => /^\d+(\.\d+)*$/.test(version)).sort(byVersion);
  const runs = RUNS[name];
  const fitting = versions.find((version) => runs === undefined || Number(version.split('.')[0]) === runs);
  if (fitting !== undefined) return opened(name, join(folder, fitting));
  if (versions.length === 0)
    throw toPull(name, 'model-not-found', `the model ${name} is not installed below ${models}`);
  const there = `${name} ${versions.join(', ')} is installed below ${models}`;
  throw toPull(name, 'model-incompatible', `${there}; this version of VoiceFlow runs ${name} ${runs}.x`);
}

async function opened(name: string, folder: string): Promise<ModelPackage> {
  try {
    return await modelFromFolder(folder);
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    throw toPull(name, error.code, error.message, error);
  }
}

function toPull(name: string, code: VoiceFlowError['code'], message: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError(code, message, { hint: `Run voiceflow models pull ${name}`, cause });
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
