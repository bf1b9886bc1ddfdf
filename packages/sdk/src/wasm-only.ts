import { checkDevice, type Device } from './backends/device.ts';
import { type CreateDiarizerOptions, unknownBackend } from './choose-backend.ts';
import type { Backend } from './contract/backend.ts';
import type { Diarizer } from './contract/diarizer.ts';
import { VoiceFlowError } from './contract/errors.ts';
import type { Warning } from './contract/warnings.ts';
import { createDiarizer as create } from './diarizer.ts';
import { standard } from './standard.ts';

/** Makes `createDiarizer` for hosts that only have WebAssembly. @param wasmBackend Creates the host's WASM backend. */
export function createDiarizerOn(wasmBackend: () => Backend): (options?: CreateDiarizerOptions) => Promise<Diarizer> {
  return async (options = {}) => {
    const { device, ...rest } = options;
    const { model = standard, backend = 'wasm' } = rest;
    const warnings = deviceWarnings(checkDevice(device ?? 'cpu'));
    if (backend === 'node') {
      throw new VoiceFlowError('backend-unavailable', 'the native backend needs Node, Bun or Deno', {
        hint: 'omit `backend`, or use "wasm"',
      });
    }
    if (typeof backend === 'string' && backend !== 'wasm') throw unknownBackend(backend);
    return create({ ...rest, model, backend: backend === 'wasm' ? wasmBackend() : backend, warnings });
  };
}

function deviceWarnings(device: Device): Warning[] {
  if (device === 'cpu') return [];
  const instead = device === 'webgpu' ? " (in pages: backend: wasmBackend({ device: 'webgpu', runtime }))" : '';
  const message = `the device ${device} cannot be used by WebAssembly${instead}; the CPU runs the network instead`;
  return [{ code: 'backend-fallback', message }];
}
