import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { INFER_ANSWER_BYTES } from './target.ts';

/** A server that reads the body and responds at once. A load test with it measures the generator's own cost. */
export async function startNullServer(port = 0): Promise<{ readonly url: string; close(): Promise<void> }> {
  const answer = Buffer.alloc(INFER_ANSWER_BYTES);
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(answer.byteLength),
    'server-timing': 'queue;dur=0, decode;dur=0, model;dur=0, total;dur=0',
  };
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.writeHead(200, headers).end(answer));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
