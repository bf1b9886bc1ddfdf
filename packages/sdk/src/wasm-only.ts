import { type CreateDiarizerOptions, unknownBackend } from './choose-backend.ts';
import type { Backend } from './contract/backend.ts';
import type { Diarizer } from './contract/diarizer.ts';
import { VoiceFlowError } from './contract/errors.ts';
import { createDiarizer as create } from './diarizer.ts';
import { standard } from './standard.ts';

/** `createDiarizer` of hosts that have WebAssembly only. @param wasmBackend The host's variant of it. */
export function createDiarizerOn(wasmBackend: () => Backend): (options?: CreateDiarizerOptions) => Promise<Diarizer> {
  return async (options = {}) => {
    const { model = standard, backend = 'wasm' } = options;
    if (backend === 'node') {
      throw new VoiceFlowError('backend-unavailable', 'the native backend needs Node, Bun or Deno', {
        hint: 'leave `backend` out, or use "wasm"',
      });
    }
    if (typeof backend === 'string' && backend !== 'wasm') throw unknownBackend(backend);
    return create({ ...options, model, backend: backend === 'wasm' ? wasmBackend() : backend });
  };
}
