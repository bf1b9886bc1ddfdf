import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { modelFolder, modelsFolder, voiceflowHome } from 'voiceflow-ml/installed';
import { download } from './download.ts';
import { pull } from './pull.ts';

/** 300 kB that are not the same anywhere, and a small file beside it. */
const BIG = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24));
const SMALL = Buffer.from('a small file');
const fileOf = (bytes: Buffer, urls?: string[]) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  urls,
});

type Behavior = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

/** As web servers answer: whole, or the range that is asked for. */
const honest: Behavior = (request, response, bytes) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= bytes.length) return void response.writeHead(416).end();
  if (start > 0) response.writeHead(206, { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
  response.end(bytes.subarray(start));
};

let behavior = honest;
let requests: (string | undefined)[] = [];
let base = '';
let root = '';
const server = createServer((request, response) => {
  requests.push(request.headers.range);
  const bytes = request.url?.includes('big') ? BIG : request.url?.includes('small') ? SMALL : undefined;
  if (bytes === undefined) response.writeHead(404).end('nothing here');
  else behavior(request, response, bytes);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  behavior = honest;
  requests = [];
  root = mkdtempSync(join(tmpdir(), 'voiceflow-pull-'));
});
afterEach(() => {
  server.closeAllConnections();
  rmSync(root, { recursive: true, force: true });
});

const entry = () => ({
  id: 'two',
  version: '1.0',
  space: 's',
  license: 'MIT',
  files: {
    'big.onnx': fileOf(BIG, [`${base}/public/big.bin`]),
    'small.bin': fileOf(SMALL, [`${base}/gone`, `${base}/small`]),
  },
});

describe('download', () => {
  const path = () => join(root, 'file');
  const get = (url = `${base}/big`) => download(url, path(), fileOf(BIG));

  it('resumes a partial file, and verifies the whole', async () => {
    writeFileSync(path(), BIG.subarray(0, 100_000));
    await get();
    expect(requests).toEqual(['bytes=100000-']);
    expect(readFileSync(path()).equals(BIG)).toBe(true);
  });

  it('resumes automatically when the connection breaks', async () => {
    behavior = (request, response, bytes) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': bytes.length - start,
        ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
      });
      response.write(bytes.subarray(start, start + 120_000), () => setTimeout(() => response.destroy(), 50));
    };
    await get();
    expect(readFileSync(path()).equals(BIG)).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(3);
  });

  it('restarts if the server does not support ranges', async () => {
    writeFileSync(path(), BIG.subarray(0, 100_000));
    behavior = (_, response, bytes) => void response.end(bytes);
    await get();
    expect(readFileSync(path()).equals(BIG)).toBe(true);
  });

  it('discards a partial file of another version', async () => {
    writeFileSync(path(), Buffer.alloc(100_000));
    await expect(get()).rejects.toMatchObject({ code: 'model-corrupt' });
    expect(existsSync(path())).toBe(false);
    await get();
    expect(readFileSync(path()).equals(BIG)).toBe(true);
  });

  it('downloads no more bytes than the manifest declares', async () => {
    behavior = (_, response) => {
      const more = () => response.write(Buffer.alloc(65_536)) || response.once('drain', more);
      const timer = setInterval(more, 1);
      response.on('close', () => clearInterval(timer));
    };
    await expect(get()).rejects.toMatchObject({
      code: 'model-corrupt',
      message: expect.stringContaining('more than 300000'),
    });
    expect(existsSync(path())).toBe(false);
  });

  it('rejects an HTML page in place of the file', async () => {
    behavior = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'.repeat(50_000));
    await expect(get()).rejects.toMatchObject({ code: 'model-corrupt' });
  });

  it('rejects after retries if the server only returns errors, and names the URL', async () => {
    await expect(get(`${base}/nothing`)).rejects.toThrow(`${base}/nothing responds with 404`);
    behavior = (_, response) => void response.writeHead(503).end();
    await expect(get()).rejects.toThrow(/cannot download .*: it responds with 503/);
    await expect(get('http://127.0.0.1:9/big')).rejects.toThrow(/cannot download/);
  });

  it('rejects a stalled transfer, and keeps the partial file', async () => {
    behavior = (request, response, bytes) => {
      if (request.headers.range === undefined) response.write(bytes.subarray(0, 1000));
    };
    await expect(download(`${base}/big`, path(), fileOf(BIG), { stallMs: 1_000 })).rejects.toThrow(
      /no data was received for/,
    );
    expect(statSync(path()).size).toBe(1000);
  });

  it('stops on abort, and keeps the partial file', async () => {
    const stop = new AbortController();
    behavior = (_, response, bytes) => void response.write(bytes.subarray(0, 1000));
    const work = download(`${base}/big`, path(), fileOf(BIG), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(work).rejects.toMatchObject({ code: 'aborted' });
    expect(statSync(path()).size).toBe(1000);
  });
});

describe('pull', () => {
  it('installs all files together from their public URLs, and tries the next URL after a failure', async () => {
    const progress: number[] = [];
    const { folder, fresh } = await pull(entry(), { models: root, onProgress: (done) => progress.push(done) });
    expect({ folder, fresh }).toEqual({ folder: join(root, 'two/1.0'), fresh: true });
    expect(readdirSync(folder).sort()).toEqual(['big.onnx', 'small.bin']);
    expect(readdirSync(join(root, 'two'))).toEqual(['1.0']);
    expect(progress.at(-1)).toBe(BIG.length + SMALL.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    requests = [];
    expect((await pull(entry(), { models: root })).fresh).toBe(false);
    expect(requests).toEqual([]);
  });

  it('creates no model folder while a file is missing, and resumes later', async () => {
    await expect(
      pull({ ...entry(), files: { ...entry().files, x: fileOf(SMALL, [`${base}/x`]) } }, { models: root }),
    ).rejects.toThrow(/responds with 404/);
    expect(readdirSync(join(root, 'two'))).toEqual(['1.0.partial']);
    requests = [];
    await pull(entry(), { models: root });
    expect(requests).toEqual([]);
    expect(readdirSync(join(root, 'two'))).toEqual(['1.0']);
  });

  it('is done once by several processes at the same time; the others wait', async () => {
    let waiting = 0;
    behavior = (_, response, bytes) => {
      response.write(bytes.subarray(0, 5));
      const others = setInterval(() => {
        if (waiting < 2) return;
        clearInterval(others);
        response.end(bytes.subarray(5));
      }, 5);
      response.on('close', () => clearInterval(others));
    };
    const one = () => pull(entry(), { models: root, onWait: () => waiting++ });
    const pulls = await Promise.all([one(), one(), one()]);
    expect(pulls.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(requests).toEqual([undefined, undefined, undefined]);
    expect(readdirSync(join(root, 'two'))).toEqual(['1.0']);
    expect(readFileSync(join(modelFolder(root, entry()), 'big.onnx')).equals(BIG)).toBe(true);
  });

  it('installs no file that was changed after its download', async () => {
    const file = join(root, 'two/1.0.partial/big.onnx');
    const onProgress = (done: number) => {
      if (done === BIG.length) writeFileSync(file, 'of another program');
    };
    await expect(pull(entry(), { models: root, onProgress })).rejects.toMatchObject({
      code: 'model-corrupt',
      message: expect.stringContaining('18 bytes, expected 300000'),
    });
    expect(readdirSync(join(root, 'two'))).toEqual(['1.0.partial']);
    await pull(entry(), { models: root });
    expect(readFileSync(join(modelFolder(root, entry()), 'big.onnx')).equals(BIG)).toBe(true);
  });

  it('repairs a damaged model', async () => {
    const { folder } = await pull(entry(), { models: root });
    writeFileSync(join(folder, 'small.bin'), 'a smell file');
    expect((await pull(entry(), { models: root })).fresh).toBe(true);
    expect(readFileSync(join(folder, 'small.bin'), 'utf8')).toBe('a small file');
  });

  it('downloads from another base URL, and copies from a folder with either file name', async () => {
    await pull(entry(), { models: join(root, 'a'), from: `${base}/mirror/` });
    const shelf = join(root, 'shelf');
    mkdirSync(shelf);
    writeFileSync(join(shelf, 'big.bin'), BIG);
    writeFileSync(join(shelf, 'small.bin'), SMALL);
    requests = [];
    const { folder } = await pull(entry(), { models: join(root, 'b'), from: shelf });
    expect(requests).toEqual([]);
    expect(readFileSync(join(folder, 'big.onnx')).equals(BIG)).toBe(true);
  });

  it('rejects a folder without the file, with a wrong file, or that is not a folder', async () => {
    const from = join(root, 'shelf');
    mkdirSync(from);
    await expect(pull(entry(), { models: root, from })).rejects.toThrow(/has no file big.onnx or big.bin/);
    writeFileSync(join(from, 'big.onnx'), BIG.subarray(1));
    await expect(pull(entry(), { models: root, from })).rejects.toMatchObject({
      code: 'model-corrupt',
      message: expect.stringContaining('299999 bytes, expected 300000'),
    });
    await expect(pull(entry(), { models: root, from: join(root, 'nowhere') })).rejects.toThrow(
      /expected a folder or an http/,
    );
    expect(existsSync(modelFolder(root, entry()))).toBe(false);
  });
});

describe('voiceflowHome', () => {
  it.each([
    [{ VOICEFLOW_HOME: '/x/y', XDG_CACHE_HOME: '/c' }, 'linux', '/x/y'],
    [{ XDG_CACHE_HOME: '/c' }, 'linux', '/c/voiceflow'],
    [{}, 'linux', '/home/u/.cache/voiceflow'],
    [{}, 'darwin', '/home/u/Library/Caches/voiceflow'],
  ])('%j on %s is %s', (env, platform, folder) => {
    expect(voiceflowHome(env, platform, '/home/u')).toBe(folder);
  });

  it('is the location of models unless VOICEFLOW_MODELS is set', () => {
    expect(modelsFolder({ VOICEFLOW_HOME: '/x' })).toBe('/x/models');
    expect(modelsFolder({ VOICEFLOW_HOME: '/x', VOICEFLOW_MODELS: '/m' })).toBe('/m');
  });
});
