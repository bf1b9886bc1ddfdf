import { createHmac } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../packages/jobs/src/outside/addresses.ts';
import { checkAddress, requestOutside } from '../../packages/jobs/src/outside/request.ts';
import { jobsApp, orders, type TestApp } from './app.ts';
import { dataFolder, PATIENCE, testOptions } from './databases.ts';

/** Addresses that clients give: where recordings are fetched from, and what is called when a job has ended. */

describe('an address', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1'],
    ...['255.255.255.255', '192.0.2.1', '198.18.0.1', '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'localhost', ''],
  ])('is not on the public internet: %s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'is on the public internet: %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ...[
      'http://127.0.0.1/',
      'http://127.1/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://017700000001/',
    ],
    ...[
      'ftp://example.com/',
      'file:///etc/passwd',
      'http://a:b@example.com/',
      'here',
      `https://x/${'a'.repeat(5_000)}`,
    ],
  ])('is rejected before the request: %s', (address) => {
    expect(() => checkAddress('url', address, false)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });

  it('is rejected if its name resolves to a private address', async () => {
    const ask = requestOutside('http://localhost:1/', {
      method: 'GET',
      allowPrivate: false,
      timeoutMs: 5_000,
      redirects: 0,
    });
    // Without the address: clients must not learn those of a private network.
    await expect(ask).rejects.toMatchObject({
      permanent: true,
      message: 'localhost has an address that is not public',
    });
  });
});

describe.skipIf(process.platform !== 'linux')('a redirect', () => {
  // All of 127.0.0.0/8 is this machine on Linux: one address stands for the public internet here.
  const OUTSIDE = '127.0.0.2';
  it.each([
    'http://127.0.0.1:PORT/secret',
    'http://localhost:PORT/secret',
    'http://[::1]:PORT/secret',
    '//169.254.169.254/meta-data',
  ])('to a private address is not followed: %s', async (location) => {
    let reached = 0;
    const inside = createServer((_, response) => {
      reached++;
      response.end('secret');
    });
    await new Promise<void>((done) => inside.listen(0, '127.0.0.1', done));
    const { port } = inside.address() as AddressInfo;
    const outside = createServer((request, response) => {
      const next = request.url === '/a' ? '/b' : location.replace('PORT', String(port));
      response.writeHead(302, { location: next }).end();
    });
    await new Promise<void>((done) => outside.listen(0, OUTSIDE, done));
    try {
      const ask = requestOutside(`http://${OUTSIDE}:${(outside.address() as AddressInfo).port}/a`, {
        method: 'GET',
        allowPrivate: (address) => address === OUTSIDE,
        timeoutMs: 30_000,
        redirects: 5,
      });
      await expect(ask).rejects.toMatchObject({ permanent: true, message: expect.stringMatching(/not public/) });
      expect(reached).toBe(0);
    } finally {
      for (const server of [inside, outside]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let data: string;
let app: TestApp;
let server: Server;
let base: string;
let answer: RequestListener;
const calls: Call[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      if (request.url === '/hook') calls.push({ headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  data = await dataFolder();
  app = await jobsApp(testOptions({ data }, { urlBytes: 1_000 }));
}, PATIENCE);
afterAll(async () => {
  await app.close();
  server.closeAllConnections();
  server.close();
  rmSync(data, { recursive: true, force: true });
});

const submit = async (body: object) => {
  const headers = { 'content-type': 'application/json' };
  const response = await app.fetch('/v1/jobs', { method: 'POST', body: JSON.stringify(body), headers });
  return (await response.json()) as { id: string; code?: string };
};
const ended = async (id: string) => (await app.fetch(`/v1/jobs/${id}?wait=30`)).json();

describe('a recording at a URL', () => {
  it('is downloaded, through redirects, and processed', async () => {
    answer = (request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end(orders());
    };
    const { id } = await submit({ url: `${base}/a`, metadata: { n: 1 }, minSpeakers: 2 });
    expect(await ended(id)).toMatchObject({ state: 'succeeded', options: { minSpeakers: '2' }, url: `${base}/a` });
  });

  const failing: Readonly<Record<string, readonly [RequestListener, string, number]>> = {
    'that is not there': [(_, response) => response.writeHead(404).end(), 'invalid-option', 1],
    'whose server fails': [(_, response) => response.writeHead(500).end(), 'invalid-option', 3],
    'that is no audio': [(_, response) => response.end('<html>'), 'unsupported-format', 1],
    'that is too large by its header': [
      (_, response) => response.writeHead(200, { 'content-length': '5000' }).end('x'.repeat(5_000)),
      'audio-too-large',
      1,
    ],
    'that is too large by what comes': [
      (_, response) => {
        response.write('x'.repeat(900));
        response.end('x'.repeat(900));
      },
      'audio-too-large',
      1,
    ],
    'that ends early': [
      (_, response) => {
        response.writeHead(200, { 'content-length': '500' });
        response.write('{');
        setTimeout(() => response.destroy(), 50);
      },
      'invalid-option',
      3,
    ],
    'that redirects for ever': [
      (_, response) => response.writeHead(302, { location: '/a' }).end(),
      'invalid-option',
      1,
    ],
    'that redirects to a file': [
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'invalid-option',
      1,
    ],
  };
  for (const [name, [listener, code, failures]] of Object.entries(failing)) {
    it(`fails with a typed problem for a source ${name}`, async () => {
      answer = listener;
      const { id } = await submit({ url: `${base}/a` });
      expect(await ended(id)).toMatchObject({ state: 'failed', failures, problem: { code } });
    });
  }

  it('fails if the server cannot be reached', async () => {
    const { id } = await submit({ url: 'http://127.0.0.1:1/' });
    expect(await ended(id)).toMatchObject({
      state: 'failed',
      problem: { detail: expect.stringMatching(/ECONNREFUSED/) },
    });
  });

  it('must not be at a private address, unless allowed', async () => {
    // The database is open once; the routes are what is asked.
    expect(() => checkAddress('url', `${base}/a`, false)).toThrow(/not public/);
  });
});

describe('a webhook', () => {
  const hooked = async (metadata: object) => {
    const { id } = await submit({ url: `${base}/audio`, webhook: `${base}/hook`, metadata });
    await ended(id);
    for (let i = 0; i < 3000 && calls.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    return id;
  };

  it('is called once with a signature that Standard Webhooks verifies', async () => {
    calls.length = 0;
    answer = (request, response) => response.end(request.url === '/hook' ? '' : orders());
    const id = await hooked({ call: 7 });
    const [call] = calls;
    if (call === undefined) throw new Error('nobody called');
    const { 'webhook-id': name, 'webhook-timestamp': time, 'webhook-signature': signature } = call.headers;
    const secret = Buffer.from(readFileSync(join(data, 'webhook-secret'), 'utf8').trim().slice(6), 'base64');
    const expected = createHmac('sha256', secret).update(`${name}.${time}.${call.body}`).digest('base64');
    expect(signature).toBe(`v1,${expected}`);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(300);
    expect(JSON.parse(call.body)).toMatchObject({ type: 'job.succeeded', data: { id, metadata: { call: 7 } } });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(calls.length).toBe(1);
  });

  it('that does not respond does not delay others, and is retried later', async () => {
    calls.length = 0;
    answer = (request, response) => {
      if (request.url === '/audio') response.end(orders());
      else if (request.url === '/hook') response.end();
    };
    const silent = await submit({ url: `${base}/audio`, webhook: `${base}/silent` });
    await ended(silent.id);
    const id = await hooked({});
    expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({ data: { id } });
    const noted = async () =>
      (
        await app.open.db.query<{ problem: string | null; tries: number; waits: boolean }>(
          'select problem, tries, given_up_at is null and run_at > now() as waits from voiceflow.delivery where job_id = $1',
          [silent.id],
        )
      )[0];
    // The call has ten seconds.
    for (let i = 0; i < 600 && (await noted())?.problem == null; i++)
      await new Promise((done) => setTimeout(done, 100));
    expect(await noted()).toEqual({ problem: 'it did not respond within 10000 ms', tries: 1, waits: true });
  }, 90_000);

  it('that fails is retried later with the same id; one that redirects is dropped', async () => {
    calls.length = 0;
    answer = (request, response) => {
      if (request.url === '/hook') response.writeHead(500).end();
      else response.end(orders());
    };
    const id = await hooked({});
    const state = async () =>
      (
        await app.open.db.query<{ tries: number; problem: string | null; given_up: boolean; waits: boolean }>(
          `select tries, problem, given_up_at is not null as given_up, run_at > now() as waits
          from voiceflow.delivery where job_id = $1`,
          [id],
        )
      )[0];
    const until = async (is: (now: Awaited<ReturnType<typeof state>>) => boolean) => {
      for (let i = 0; i < 4000 && !is(await state()); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      return state();
    };
    expect(await until((now) => now?.problem !== null)).toMatchObject({ tries: 1, given_up: false, waits: true });
    await app.open.db.query('update voiceflow.delivery set run_at = now() where job_id = $1', [id]);
    expect(await until((now) => now?.tries === 2 && now.waits)).toMatchObject({ given_up: false });
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    answer = (_, response) => response.writeHead(302, { location: `${base}/elsewhere` }).end();
    await app.open.db.query('update voiceflow.delivery set run_at = now() where job_id = $1', [id]);
    expect(await until((now) => now?.given_up === true)).toMatchObject({ given_up: true });
  });
});
