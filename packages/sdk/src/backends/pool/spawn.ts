import process from 'node:process';
import { Worker as NodeWorkerThread } from 'node:worker_threads';
import { awaitGuard, createGuard } from './guard.ts';
import { type Thread, type ThreadOptions, type WebWorker, webThread } from './thread.ts';

/** Thread name, shown by debuggers and `ps`. */
const NAME = 'voiceflow';

/** Maximum time that an exiting process waits for a run, which normally takes milliseconds. */
const EXIT_TIMEOUT_MS = 5000;

/** Guards of the running threads. */
const guards = new Set<Int32Array>();

/**
 * Starts a worker on Node, Bun or Deno. Its script is passed as a data URL, so that bundlers need not include a second
 * file.
 * @param native Whether the script calls native code; such a thread must not be ended during a call.
 */
export function spawnThread(script: string, native: boolean): Thread {
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const options = native ? { killable: false, ...watched() } : { killable: true };
  if ('Deno' in globalThis) {
    const { Worker } = globalThis as unknown as { Worker: new (url: URL, options: object) => WebWorker };
    return webThread(new Worker(url, { type: 'module', name: NAME }), options);
  }
  // The program's own flags (loaders, inspectors) are not needed in this thread and would slow its start.
  return nodeThread(new NodeWorkerThread(url, { name: NAME, execArgv: [] }), options);
}

function nodeThread(worker: NodeWorkerThread, options: ThreadOptions): Thread {
  return {
    ...options,
    listen(events) {
      let reason: Error | undefined;
      worker.on('message', (reply) => events.message(reply));
      worker.on('error', (error) => {
        reason = error;
      });
      worker.on('exit', (code) => {
        options.onExit?.();
        events.exited(reason ?? (code === 0 ? undefined : new Error(`the worker exited with code ${code}`)));
      });
    },
    post: (request, transfer = []) => worker.postMessage(request, transfer),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    kill: () => void worker.terminate(),
  };
}

function watched() {
  const guard = createGuard();
  if (guards.size === 0) process.on('exit', awaitWorkers);
  guards.add(guard);
  const onExit = () => {
    guards.delete(guard);
    if (guards.size === 0) process.off('exit', awaitWorkers);
  };
  return { guard, onExit };
}

/** When the process exits (by `process.exit` or normally): waits until each worker has left native code. */
function awaitWorkers(): void {
  for (const guard of guards) awaitGuard(guard, EXIT_TIMEOUT_MS);
}
