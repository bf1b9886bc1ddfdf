import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fetchAudio } from './fetch-audio.ts';

it('rejects a sender below the minimum rate, although it never pauses', async () => {
  const server = createServer((_, response) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-fetch-'));
  try {
    const withUrl = fetchAudio({ folder, maxBytes: 1e9, allowPrivate: true, slowMs: 100 });
    const { port } = server.address() as AddressInfo;
    const fetched = withUrl(`http://127.0.0.1:${port}/`, new AbortController().signal, async () => {});
    await expect(fetched).rejects.toMatchObject({ code: 'invalid-option', cause: { permanent: false } });
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
