import type { WebWorker } from '../pool/thread.ts';

/** The worker of this name says that it is there; the others need not. */
export const FIRST = 'voiceflow-first';
const NEXT = 'voiceflow';
export type Greeting = 'here';

/** A worker that neither comes nor fails within this time is not waited for: milliseconds. */
const PATIENCE_MS = 20_000;

let address: string | undefined;

/**
 * Its script travels as a `blob:` URL, so that bundlers have no second file to lose. The URL stays: threads of ONNX
 * Runtime start from it as well.
 */
export function newWorker(script: string, name = NEXT): WebWorker {
  address ??= URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  return new Worker(address, { type: 'module', name }) as unknown as WebWorker;
}

/** The first worker of a page, or nothing where there are none or a Content-Security-Policy forbids it. */
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
    const timer = setTimeout(without, PATIENCE_MS);
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
