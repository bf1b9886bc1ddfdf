import type { WebWorker } from '../pool/thread.ts';

/** Name of the worker that sends a message when it has started; the others do not. */
export const FIRST = 'voiceflow-first';
const NEXT = 'voiceflow';

/** Milliseconds to wait for the first worker to start or fail. */
const START_TIMEOUT_MS = 20_000;

let address: string | undefined;

/**
 * Starts a worker. Its script is passed as a `blob:` URL, so that bundlers need not include a second file. The URL is
 * never revoked, since threads of ONNX Runtime start from it as well.
 */
export function newWorker(script: string, name = NEXT): WebWorker {
  address ??= URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  return new Worker(address, { type: 'module', name }) as unknown as WebWorker;
}

/**
 * Starts the first worker of a page.
 * @returns Undefined if workers are missing or a Content-Security-Policy forbids them.
 */
export function firstWorker(script: string): Promise<WebWorker | undefined> {
  if (typeof Worker !== 'function') return Promise.resolve(undefined);
  let worker: WebWorker;
  try {
    worker = newWorker(script, FIRST);
  } catch {
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    const without = () => {
      worker.terminate();
      resolve(undefined);
    };
    const timer = setTimeout(without, START_TIMEOUT_MS);
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve(worker);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      without();
    };
  });
}
