import { rmSync } from 'node:fs';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Storage } from '../../packages/jobs/src/storage/s3.ts';
import type { Storage } from '../../packages/jobs/src/storage/storage.ts';
import { jobsApp, orders } from './app.ts';
import { type Bucket, KEYS, NO_MOTO, startBucket } from './bucket.ts';
import { dataFolder, PATIENCE, temporaryFolder, testOptions } from './databases.ts';

/** Audio in a bucket. */

describe.skipIf(NO_MOTO !== '')(`a bucket${NO_MOTO}`, () => {
  let bucket: Bucket;
  let endpoint: string;
  let spool: string;
  let storage: Storage;
  beforeAll(async () => {
    bucket = await startBucket();
    endpoint = bucket.endpoint;
    spool = temporaryFolder();
    storage = s3Storage({ ...KEYS, endpoint, spool });
  }, PATIENCE);
  afterAll(() => {
    bucket.close();
    rmSync(spool, { recursive: true, force: true });
  });

  const { signal } = new AbortController();
  async function* chunks(total: number, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < total; at += size) yield new Uint8Array(Math.min(size, total - at)).fill(at % 251);
  }

  it.each([0, 5, 8 * 1024 * 1024, 20_000_000])(
    'stores and returns %d bytes, in parts that fit into memory',
    async (total) => {
      const { readFile } = await import('node:fs/promises');
      expect(await storage.put('audio/x', chunks(total, 65_000))).toBe(total);
      const expected: Uint8Array[] = [];
      for await (const chunk of chunks(total, 65_000)) expected.push(chunk);
      const bytes = await storage.withFile('audio/x', signal, (path) => readFile(path));
      expect(bytes.equals(Buffer.concat(expected))).toBe(true);
      await storage.delete('audio/x');
      await storage.delete('audio/x');
      await expect(storage.withFile('audio/x', signal, async () => {})).rejects.toMatchObject({
        code: 'invalid-audio',
      });
    },
  );

  it('leaves no parts of a failed upload', async () => {
    async function* cut() {
      yield* chunks(9_000_000, 65_000);
      throw new Error('cut off');
    }
    await expect(storage.put('audio/y', cut())).rejects.toThrow('cut off');
    const left = [];
    for await (const name of storage.old(0)) left.push(name);
    expect(left).toEqual([]);
    // Parts of an upload that was begun and not given up would be kept, and paid for.
    const client = new AwsClient({ ...KEYS, service: 's3' });
    const uploads = await (await client.fetch(`${endpoint}/${KEYS.bucket}?uploads=`)).text();
    expect(uploads).toContain('<ListMultipartUploadsResult');
    expect(uploads).not.toContain('<UploadId>');
  });

  it('stores the audio of jobs until they have ended', async () => {
    const data = await dataFolder();
    const app = await jobsApp(testOptions({ data }, { s3: { ...KEYS, endpoint } }));
    try {
      const response = await app.fetch('/v1/jobs', { method: 'POST', body: orders({ ms: 100 }) });
      const { id } = (await response.json()) as { id: string };
      expect(await (await app.fetch(`/v1/jobs/${id}?wait=30`)).json()).toMatchObject({ state: 'succeeded' });
      const left = [];
      for (let i = 0; i < 1200; i++) {
        left.length = 0;
        for await (const name of storage.old(0)) left.push(name);
        if (left.length === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(left).toEqual([]);
    } finally {
      await app.close();
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('is reported as unavailable if it cannot be reached', async () => {
    const away = s3Storage({ ...KEYS, endpoint: 'http://127.0.0.1:1', spool });
    await expect(away.put('audio/z', chunks(5, 5))).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
});
