import type { Device } from './backends/device.ts';
import { invalidOption, show, type VoiceFlowError } from './contract/errors.ts';
import type { CreateDiarizerOptions as CoreOptions } from './diarizer.ts';

export interface CreateDiarizerOptions extends Omit<CoreOptions, 'model' | 'backend' | 'warnings'> {
  /** Default: `standard`, the embedded Fast CNN with the segmenter. `fastCnn` is the Fast CNN alone. */
  readonly model?: CoreOptions['model'];
  /**
   * Backend that runs the network. `node` is native and needs the package `onnxruntime-node`; `wasm` runs everywhere,
   * about four times slower. Default: `node` on Node, Bun and Deno if `onnxruntime-node` is installed; otherwise
   * `wasm` (on Node, Bun and Deno with the warning `backend-fallback`).
   */
  readonly backend?: CoreOptions['backend'] | 'node' | 'wasm';
  /**
   * Device for the native backend (default `cpu`; see `NodeBackendOptions`). If the device cannot be used, the network
   * runs on the CPU, with the warning `backend-fallback`. A custom `Backend` chooses its own device.
   */
  readonly device?: Device;
}

/** The error for an unknown backend name, which only callers without type checking can pass. */
export function unknownBackend(backend: unknown): VoiceFlowError {
  return invalidOption(`backend is ${show(backend)}, expected "node", "wasm" or a Backend`);
}
