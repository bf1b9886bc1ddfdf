import { availableParallelism } from 'node:os';
import { choice, integer, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import { type Diarizer, MOST_SPEAKERS, type ModelPackage } from 'voiceflow-ml/core';
import { installedModel, MODEL_NAMES, modelFromFolder, PULLED_MODELS } from 'voiceflow-ml/installed';
import { statsOf } from './files/open.ts';
import { didYouMean } from './suggest.ts';

const count = (help: string) => integer([1, MOST_SPEAKERS], 'N', help);

/** The numbers of speakers that a recording may have. */
export const COUNT_OPTIONS = {
  speakers: count('exactly this many speakers'),
  min: count('at least this many speakers'),
  max: count('at most this many speakers'),
};

/** The options of every command that runs the network. */
export const ENGINE_OPTIONS = {
  model: text(
    'NAME',
    'standard (default), fast-cnn (without the segmenter), light, accurate or pyannote (downloaded with models pull NAME), or a folder with a manifest.json',
  ),
  backend: choice(
    ['node', 'wasm'],
    'what runs the network: native code (default where onnxruntime-node is installed) or WebAssembly',
  ),
  device: choice(
    ['cpu', 'webgpu', 'cuda', 'coreml', 'directml'],
    'device of the native backend (default cpu); if it cannot be used, the CPU is used, with a warning',
  ),
};

/** More workers are loaded only for as many concurrent recordings, because each takes about 30 MB. */
const MOST_WORKERS = 4;

/**
 * @param jobs Recordings diarized concurrently.
 * @throws `model-not-found`, `model-corrupt`, `backend-unavailable`, `aborted`.
 */
export async function openDiarizer(
  { model, backend, device }: Values<typeof ENGINE_OPTIONS>,
  signal: AbortSignal,
  jobs = 1,
): Promise<Diarizer> {
  const selected = await modelNamed(model);
  // Imported here and not at the top, because --help and usage errors do not need the network.
  const { createDiarizer } = await import('voiceflow-ml');
  return createDiarizer({
    signal,
    workers: workersFor(jobs),
    model: selected,
    backend,
    device,
  });
}

/** The model for `--model`; undefined for the default one. */
async function modelNamed(model: string | undefined): Promise<ModelPackage | undefined> {
  if (model === undefined || model === 'standard') return undefined;
  if (model === 'fast-cnn') return (await import('voiceflow-ml')).fastCnn;
  if ((PULLED_MODELS as readonly string[]).includes(model)) return installedModel(model);
  if ((await statsOf(model))?.isDirectory()) return modelFromFolder(model);
  throw new UsageError(
    `--model is "${model}", expected ${MODEL_NAMES.join(', ')} or a folder with a manifest.json`,
    didYouMean(model, MODEL_NAMES),
  );
}

/** Leaves one core for decoding and clustering, which run at the same time as the network. */
function workersFor(jobs: number): number {
  const cores = availableParallelism();
  return Math.max(1, Math.min(cores - 1, MOST_WORKERS), Math.min(cores, jobs));
}
