import { availableParallelism } from 'node:os';
import { choice, didYouMean, integer, number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import {
  type AudioLimits,
  type DiarizeOptions,
  type Diarizer,
  MOST_SPEAKERS,
  type ModelPackage,
  VoiceFlowError,
} from 'voiceflow-ml/core';
import { installedModel, MODEL_NAMES, modelFromFolder, PULLED_MODELS } from 'voiceflow-ml/installed';
import { statsOf } from './files/open.ts';

const count = (help: string) => integer([1, MOST_SPEAKERS], 'N', help);

/** The numbers of speakers that a recording may have. */
export const COUNT_OPTIONS = {
  speakers: count('exactly this many speakers'),
  min: count('at least this many speakers'),
  max: count('at most this many speakers'),
};

/** The numbers of speakers in the SDK's form. */
type SpeakerCounts = Pick<DiarizeOptions, 'numSpeakers' | 'minSpeakers' | 'maxSpeakers'>;

/** @throws UsageError for counts that contradict each other. */
export function speakerCounts({ speakers, min, max }: Values<typeof COUNT_OPTIONS>): SpeakerCounts {
  if (speakers !== undefined && (min !== undefined || max !== undefined)) {
    throw new UsageError(
      '--speakers is exact and cannot be combined with --min or --max',
      'Use --speakers alone, or --min and --max',
    );
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new UsageError(`--min is ${min}, expected at most --max (${max})`);
  }
  return { numSpeakers: speakers, minSpeakers: min, maxSpeakers: max };
}

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

/** The option of every command that processes whole recordings. */
export const LENGTH_OPTIONS = {
  'max-hours': number([0.01, 1000], 'HOURS', 'longest recording that is processed, in hours (default 4)', 'hours'),
};

/**
 * Calls `work` with the limit of `--max-hours`.
 * @throws whatever `work` throws; for `audio-too-long` with a hint that names the option.
 */
export async function withinHours<T>(
  { 'max-hours': hours }: Values<typeof LENGTH_OPTIONS>,
  work: (limits: AudioLimits) => Promise<T>,
): Promise<T> {
  try {
    return await work(hours === undefined ? {} : { maxSeconds: hours * 3600 });
  } catch (error) {
    if (!VoiceFlowError.isInstance(error) || error.code !== 'audio-too-long') throw error;
    const hint = 'split the recording, or raise --max-hours';
    throw new VoiceFlowError(error.code, error.message, { hint, cause: error });
  }
}

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
  if (backend === 'wasm' && device !== undefined) {
    throw new UsageError('--device is for the native backend, but --backend is wasm', 'Omit one of the two options');
  }
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
