import type { Request } from './protocol.ts';
import type { Port } from './worker-side.ts';

/** The port from a Web Worker to its page or Deno program. */
export function webPort(): Port {
  const self = globalThis as unknown as WorkerScope;
  return {
    post: (reply, transfer = []) => self.postMessage(reply, transfer),
    listen(handler) {
      self.onmessage = ({ data }) => handler(data);
    },
    exit: () => self.close(),
  };
}

interface WorkerScope {
  onmessage: (event: { data: Request }) => void;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  close(): void;
}
