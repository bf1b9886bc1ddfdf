import type { Device } from './backends/device.ts';
import { VoiceFlowError } from './contract/errors.ts';
import type { CreateDiarizerOptions as CoreOptions } from './diarizer.ts';

export interface CreateDiarizerOptions extends Omit<CoreOptions, 'model' | 'backend' | 'warnings'> {
  /** Default: `standard`, the embedded Fast CNN with the segmenter beside it; `fastCnn` is the Fast CNN alone. */
  readonly model?: CoreOptions['model'];
  /**
   * What runs the network. `node` is native and needs `onnxruntime-node` beside it; `wasm` runs everywhere,
   * three to four times slower. Default: `node` on Node, Bun and Deno where it is installed, else `wasm` (with the warning
   * `backend-fallback` on servers).
   */
  readonly backend?: CoreOptions['backend'] | 'node' | 'wasm';
  /**
   * What the native backend runs the network on (default `cpu`; see `NodeBackendOptions`). Where the device cannot be
   * used, the CPU does it, with the warning `backend-fallback`; a Backend of your own chooses for itself.
   */
  readonly device?: Device;
}

/** For programs without types. */
export function unknownBackend(backend: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `backend is "${backend}"; "node", "wasm" or a Backend was expected`);
}
