import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { s3Storage } from './s3.ts';

it.each([
  ['NoSuchKey', 'invalid-audio'],
  ['NoSuchBucket', 'backend-unavailable'],
])('reports %s as %s', async (reason, code) => {
  const server = createServer((_, response) => {
    response.writeHead(404).end(`<Error><Code>${reason}</Code></Error>`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const keys = { accessKeyId: 'a', secretAccessKey: 'b', region: 'us-east-1', bucket: 'calls' };
    const storage = s3Storage({ ...keys, endpoint, spool: join(tmpdir(), 'voiceflow-s3-spool') });
    const got = storage.withFile('audio/a', new AbortController().signal, async () => undefined);
    await expect(got).rejects.toMatchObject({ code });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
