import { availableParallelism } from 'node:os';
import type { Backend } from '../../contract/backend.ts';
import { checkThreads } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { spawnThread } from '../pool/spawn.ts';
import { disableTelemetry } from '../pool/telemetry.ts';
import { locate } from './locate.ts';
import { script } from './worker.ts?script';

export interface NodeBackendOptions {
  /**
   * Where onnxruntime-node lies (a `file:` URL or an absolute path of its main file), for programs that carry it
   * along in their own way. Found like any import when absent.
   */
  readonly module?: string | URL;
}

/** Beyond this many, workers cost memory (30 MB each) that few programs mean to spend without being asked. */
const DEFAULT_WORKERS = 4;

/**
 * Native ONNX Runtime, one single-threaded session a worker thread: the event loop stays free during runs.
 * `load` starts one worker; the others, up to `workers` (default: the processors there are, at most 4), start when
 * runs overlap. A worker that ends unexpectedly fails its call with `backend-failed` and is replaced. Idle workers do
 * not keep the process alive, and the process may exit at any time, also during a run.
 *
 * `onnxruntime-node` must be installed beside it (an optional peer dependency), else `load` throws
 * `backend-unavailable`. Its telemetry is turned off for the whole process, unless `ORT_DISABLE_TELEMETRY=0` is set; a
 * worker thread of Node's that cannot do so throws `backend-unavailable` as well.
 */
export function nodeBackend(options: NodeBackendOptions = {}): Backend {
  return {
    name: 'node',
    async capabilities() {
      const notes = ['sessions are single-threaded: for more speed on several runs, more workers'];
      try {
        locate(options.module);
        return { workers: availableParallelism(), threads: 1, simd: true, gpu: false, notes };
      } catch (error) {
        const note = error instanceof Error ? error.message : String(error);
        return { workers: 0, threads: 0, simd: false, gpu: false, notes: [note] };
      }
    },
    async load(model, { workers = Math.min(availableParallelism(), DEFAULT_WORKERS), signal } = {}) {
      const settings = { module: locate(options.module) };
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
