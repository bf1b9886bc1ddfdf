import process from 'node:process';
import { Worker as NodeWorkerThread } from 'node:worker_threads';
import { awaitGuard, createGuard } from './guard.ts';
import { nodeThread, type Thread, type WebWorker, webThread } from './thread.ts';

/** Shown by debuggers and `ps`. */
const NAME = 'voiceflow';

/** A run takes milliseconds; a process that wants to end waits this long for one at most. */
const EXIT_PATIENCE_MS = 5000;

/** Guards of the threads that live. */
const guards = new Set<Int32Array>();

/**
 * Starts a worker on Node, Bun or Deno. Its script travels as a data URL, so that bundlers have no second file to lose.
 * @param native Whether the script calls native code, under which a thread must never be ended.
 */
export function spawnThread(script: string, native: boolean): Thread {
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const options = native ? { killable: false, ...watched() } : { killable: true };
  if ('Deno' in globalThis) {
    const { Worker } = globalThis as unknown as { Worker: new (url: URL, options: object) => WebWorker };
    return webThread(new Worker(url, { type: 'module', name: NAME }), options);
  }
  // The program's own flags (loaders, inspectors) are not for this thread and would slow its start.
  return nodeThread(new NodeWorkerThread(url, { name: NAME, execArgv: [] }), options);
}

function watched() {
  const guard = createGuard();
  if (guards.size === 0) process.on('exit', awaitWorkers);
  guards.add(guard);
  const onGone = () => {
    guards.delete(guard);
    if (guards.size === 0) process.off('exit', awaitWorkers);
  };
  return { guard, onGone };
}

/** On `process.exit` and at the natural end: lets each worker come out of native code before the process goes. */
function awaitWorkers(): void {
  for (const guard of guards) awaitGuard(guard, EXIT_PATIENCE_MS);
}
