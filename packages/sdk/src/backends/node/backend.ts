import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers';
import type { Backend, BackendCapabilities } from '../../contract/backend.ts';
import { invalidOption } from '../../contract/errors.ts';
import { SPEC_VERSION } from '../../contract/version.ts';
import { checkDevice, type Device } from '../device.ts';
import { messageOf } from '../pool/failure.ts';
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
   * Location of onnxruntime-node (a `file:` URL or the absolute path of its main file), for programs that ship it in
   * their own way. Default: resolved like any import.
   */
  readonly module?: string | URL;
  /**
   * `threads` (default): one session per worker thread; the event loop is not blocked. `in-process`: one session in the
   * calling thread, which each run blocks (about 3 ms per window of the Fast CNN). This saves the communication with a
   * thread, for a process that does nothing else.
   */
  readonly mode?: 'threads' | 'in-process';
  /**
   * Device that runs the network (default `cpu`). Other devices need a build of onnxruntime-node that supports them,
   * and drivers: `cuda` on Linux, `directml` on Windows, `coreml` on macOS, `webgpu` with Vulkan, Metal or Direct3D 12.
   * Results equal those of the CPU up to rounding. `load` throws `backend-unavailable` if the device cannot be used.
   */
  readonly device?: Device;
}

/**
 * Native ONNX Runtime with one single-threaded session per worker thread, so that runs do not block the event loop (or
 * in process: see `mode`). `load` starts one worker; the others, up to `workers` (default: `defaultWorkers`), start
 * when runs overlap. If a worker ends unexpectedly, its call fails with `backend-failed`, and the worker is replaced.
 * Idle workers do not keep the process alive, and the process may exit at any time, also during a run.
 *
 * `onnxruntime-node` must be installed (an optional peer dependency); otherwise `load` throws `backend-unavailable`.
 * Its telemetry is turned off for the whole process, unless `ORT_DISABLE_TELEMETRY=0` is set. In a Node worker thread
 * this is not possible, and `load` throws `backend-unavailable`, unless the variable is already set.
 */
export function nodeBackend(options: NodeBackendOptions = {}): Backend {
  const { mode = 'threads' } = options;
  const device = checkDevice(options.device ?? 'cpu');
  if (mode === 'in-process') return inProcess(options, device);
  if (mode !== 'threads') {
    throw invalidOption(`mode is "${String(mode)}", expected "threads" or "in-process"`);
  }
  return {
    specVersion: SPEC_VERSION,
    name: 'node',
    capabilities: () =>
      capabilities(options, availableParallelism(), 'sessions use one thread each: use more workers for parallel runs'),
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

function inProcess(options: NodeBackendOptions, device: Device): Backend {
  return sessionBackend({
    name: 'node',
    capabilities: () => capabilities(options, 1, 'in process: one run at a time, which blocks the event loop'),
    open: async (bytes) => {
      const url = locate(options.module);
      disableTelemetry();
      return openNative(bytes, url, device);
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
    return { workers: 0, threads: 0, simd: false, gpu: false, notes: [messageOf(error)] };
  }
}
