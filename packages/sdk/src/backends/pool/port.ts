import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import { webPort } from './web-port.ts';
import type { Port } from './worker-side.ts';

/** The port to the main thread, in a worker on Node and Bun (`node:worker_threads`) or Deno (a Web Worker). */
export function serverPort(): Port {
  if (!parentPort) return webPort();
  const parent = parentPort;
  return {
    post: (reply, transfer) => parent.postMessage(reply, transfer),
    listen: (handler) => parent.on('message', handler),
    exit: () => process.exit(0),
  };
}
