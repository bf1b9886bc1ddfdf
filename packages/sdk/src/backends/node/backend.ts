import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers';
import type { Backend, BackendCapabilities } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import { SPEC_VERSION } from '../../contract/version.ts';
import { checkDevice, type Device } from '../device.ts';
import { checkThreads, defaultWorkers } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { spawnThread } from '../pool/spawn.ts';
import { disableTelemetry } from '../pool/telemetry.ts';
import { sessionBackend } from '../session-backend.ts';
import { locate } from './locate.ts';
import { openNative } from './session.ts';
import { script } from './worker.ts?script';

export interface NodeBackendOptions {
  /**
   * Where onnxruntime-node lies (a `file:` URL or an absolute path of its main file), for programs that carry it
   * along in their own way. Found like any import when absent.
   */
  readonly module?: string | URL;
  /**
   * `threads` (default): one session a worker thread, the event loop stays free. `in-process`: one session in the calling
   * thread, which each run holds for its time (about 3 ms a window of the Fast CNN) and which saves the way to a thread
   * and back: for a process that does nothing else.
   */
  readonly mode?: 'threads' | 'in-process';
  /**
   * What runs the network (default `cpu`). Others need a build of onnxruntime-node that has them and the drivers:
   * `cuda` on Linux, `directml` on Windows, `coreml` on macOS, `webgpu` where there is Vulkan, Metal or Direct3D 12.
   * Results agree with the CPU's to rounding. `load` throws `backend-unavailable` where the device cannot be used.
   */
  readonly device?: Device;
}

/**
 * Native ONNX Runtime, one single-threaded session a worker thread: the event loop stays free during runs (or in
 * process: see `mode`). `load` starts one worker; the others, up to `workers` (default: `defaultWorkers`), start when
 * runs overlap. A worker that ends unexpectedly fails its call with `backend-failed` and is replaced. Idle workers do
 * not keep the process alive, and the process may exit at any time, also during a run.
 *
 * `onnxruntime-node` must be installed beside it (an optional peer dependency), else `load` throws
 * `backend-unavailable`. Its telemetry is turned off for the whole process, unless `ORT_DISABLE_TELEMETRY=0` is set; a
 * worker thread of Node's that cannot do so throws `backend-unavailable` as well.
 */
export function nodeBackend(options: NodeBackendOptions = {}): Backend {
  const { mode = 'threads' } = options;
  const device = checkDevice(options.device ?? 'cpu');
  if (mode === 'in-process') return inProcess(options);
  if (mode !== 'threads') {
    throw new VoiceFlowError('invalid-option', `mode is "${String(mode)}"; "threads" or "in-process" was expected`);
  }
  return {
    specVersion: SPEC_VERSION,
    name: 'node',
    capabilities: () =>
      capabilities(
        options,
        availableParallelism(),
        'sessions are single-threaded: for more speed on several runs, more workers',
      ),
    async load(model, { workers = defaultWorkers(availableParallelism()), signal } = {}) {
      const settings = { module: locate(options.module), device };
      disableTelemetry();
      return openPool({
        model,
        workers: checkThreads('workers', workers),
        settings,
        spawn: () => spawnThread(script, true),
        signal,
      });
    },
  };
}

function inProcess(options: NodeBackendOptions): Backend {
  return sessionBackend({
    name: 'node',
    capabilities: () => capabilities(options, 1, 'in process: one run at a time, which holds the event loop'),
    open: async (bytes) => {
      const url = locate(options.module);
      disableTelemetry();
      return openNative(bytes, url, checkDevice(options.device ?? 'cpu'));
    },
    defer: setImmediate,
  });
}

async function capabilities(options: NodeBackendOptions, workers: number, note: string): Promise<BackendCapabilities> {
  try {
    locate(options.module);
    const { device = 'cpu' } = options;
    return { workers, threads: 1, simd: true, gpu: device !== 'cpu', notes: [note] };
  } catch (error) {
    const missing = error instanceof Error ? error.message : String(error);
    return { workers: 0, threads: 0, simd: false, gpu: false, notes: [missing] };
  }
}
