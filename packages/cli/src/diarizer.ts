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

/** @throws `model-not-found`, `model-corrupt`, `backend-unavailable`, `aborted`. */
export async function openDiarizer({ model, backend }: EngineValues, signal: AbortSignal): Promise<Diarizer> {
  if (model === 'pyannote') {
    throw new VoiceFlowError('model-not-found', 'the pyannote pipeline is not part of this version of VoiceFlow', {
      hint: 'Use --model fast-cnn',
    });
  }
  // Loaded here and not at the top: --help and usage errors need no network.
  const { createDiarizer } = await import('voiceflow-ml');
  return createDiarizer({ signal, ...(backend === undefined ? {} : { backend }) });
}
