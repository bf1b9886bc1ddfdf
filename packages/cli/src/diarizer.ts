import { availableParallelism } from 'node:os';
import { type Diarizer, VoiceFlowError } from '@voiceflow-ml/core';
import type { OptionSpecs } from './args/options.ts';

/** The options of every command that runs the network. */
export const ENGINE_OPTIONS = {
  model: { kind: 'choice', choices: ['fast-cnn', 'pyannote'], help: 'the network (default fast-cnn)' },
  backend: {
    kind: 'choice',
    choices: ['node', 'wasm'],
    help: 'what runs the network: native (default where it is installed) or WebAssembly',
  },
} as const satisfies OptionSpecs;

export interface EngineValues {
  readonly model?: 'fast-cnn' | 'pyannote' | undefined;
  readonly backend?: 'node' | 'wasm' | undefined;
}

/** More than these workers are loaded for more recordings at once only: each takes about 30 MB. */
const MOST_WORKERS = 4;

/**
 * @param jobs Recordings side by side.
 * @throws `model-not-found`, `model-corrupt`, `backend-unavailable`, `aborted`.
 */
export async function openDiarizer({ model, backend }: EngineValues, signal: AbortSignal, jobs = 1): Promise<Diarizer> {
  if (model === 'pyannote') {
    throw new VoiceFlowError('model-not-found', 'the pyannote pipeline is not part of this version of VoiceFlow', {
      hint: 'Use --model fast-cnn',
    });
  }
  // Loaded here and not at the top: --help and usage errors need no network.
  const { createDiarizer } = await import('voiceflow-ml');
  return createDiarizer({ signal, workers: workersFor(jobs), ...(backend === undefined ? {} : { backend }) });
}

/** One core is left for decoding and clustering, which go on beside the network. */
function workersFor(jobs: number): number {
  const cores = availableParallelism();
  return Math.max(1, Math.min(cores - 1, MOST_WORKERS), Math.min(cores, jobs));
}
