import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documented } from '../server/documented.ts';
import type { Subject } from '../server/harness.ts';
import { jobsApp, orders, type TestApp } from './app.ts';
import { dataFolder, PATIENCE, testOptions } from './databases.ts';

/** The routes of jobs, on the embedded database and a folder. */

const KEYS = [
  { name: 'ann', key: 'ann-0123456789abcdef' },
  { name: 'bob', key: 'bob-0123456789abcdef' },
];
const as = (name: string) => ({ authorization: `Bearer ${KEYS.find((each) => each.name === name)?.key}` });
const ABSENT = '019f4070-3a8d-7523-b186-45ad8c7f58ff';

let data: string;
let app: TestApp;
/** Holds each JSON answer to the API description. */
let subject: Subject;
beforeAll(async () => {
  data = await dataFolder();
  app = await jobsApp(testOptions({ data }), { keys: KEYS, limits: { bodyBytes: 100_000, idleBodyMs: 500 } });
  subject = documented(app);
}, PATIENCE);
afterAll(async () => {
  await app.close();
  rmSync(data, { recursive: true, force: true });
});

const ask = async (
  method: string,
  path: string,
  body?: BodyInit,
  headers: Record<string, string> = {},
  who = 'ann',
) => {
  const init = { method, headers: { ...as(who), ...headers }, body, duplex: 'half' };
  const response = await subject.fetch(path, init as RequestInit);
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
};
const post = (body: BodyInit, query = '', headers: Record<string, string> = {}, who = 'ann') =>
  ask('POST', `/v1/jobs${query}`, body, headers, who);
const JSON_TYPE = { 'content-type': 'application/json' };
const files = () =>
  (readdirSync(join(data, 'audio'), { recursive: true }) as string[]).filter((path) => path.length > 5);

describe('a job', () => {
  it('is accepted with its location, runs, and returns its result in every format', async () => {
    const made = await post(orders({ ms: 100 }), '?exclusive=true&uri=Call%20Ann&priority=3&metadata={"a":1}');
    expect(made.status).toBe(202);
    expect(made.headers.get('location')).toBe(`/v1/jobs/${made.json.id}`);
    expect(made.json).toMatchObject({ state: 'queued', priority: 3, metadata: { a: 1 }, problem: null });
    const early = await ask('GET', `${made.headers.get('location')}/result`);
    expect([200, 202]).toContain(early.status);
    const ended = await ask('GET', `${made.headers.get('location')}?wait=20`);
    expect(ended.json).toMatchObject({ state: 'succeeded', audioSeconds: 2, result: { duration: 2 } });
    expect(ended.text).not.toContain('embedding');
    const result = (query: string, headers = {}) =>
      ask('GET', `${made.headers.get('location')}/result${query}`, undefined, headers);
    expect((await result('')).json).toEqual(ended.json.result);
    expect((await result('?format=rttm')).text).toMatch(/^SPEAKER Call%20Ann 1 0.500 1.500 /);
    expect((await result('', { accept: 'text/vtt' })).text).toMatch(/^WEBVTT/);
    expect((await result('?format=srt')).headers.get('content-type')).toMatch(/subrip/);
    expect((await result('?format=doc')).json.code).toBe('invalid-option');
    expect(files()).toEqual([]);
  });

  it('is submitted as a form, with fields as options in any order', async () => {
    for (const order of [0, 1]) {
      const form = new FormData();
      if (order === 0) form.set('minSpeakers', '2');
      form.set('file', new Blob([orders()]), 'x.wav');
      if (order === 1) form.set('minSpeakers', '2');
      const made = await post(form);
      expect(made.status).toBe(202);
      expect(made.json.options).toEqual({ minSpeakers: '2' });
      expect((await ask('GET', `/v1/jobs/${made.json.id}?wait=20`)).json.state).toBe('succeeded');
    }
  });

  it('streams its progress as events, and then its result', async () => {
    const made = await post(orders({ ms: 2_500 }));
    const { text, headers } = await ask('GET', `/v1/jobs/${made.json.id}/events`);
    expect(headers.get('cache-control')).toBe('no-store');
    const events = [...text.matchAll(/event: (\w+)\ndata: (.*)/g)].map(([, event, body]) => [
      event,
      JSON.parse(body ?? ''),
    ]);
    expect(events.at(-1)).toEqual(['result', expect.objectContaining({ duration: 2 })]);
    const seen = events.filter(([event]) => event === 'job').map(([, job]) => job);
    expect(seen.at(-1).state).toBe('succeeded');
    expect(seen.some(({ progress }) => progress?.fraction > 0 && progress.etaSeconds >= 0)).toBe(true);
  });

  it('has events without a body for HEAD, which nobody would read: they leave no request waiting', async () => {
    const made = await post(orders());
    const path = `/v1/jobs/${made.json.id}/events`;
    const head = await ask('HEAD', path);
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers.get('content-type')).toMatch(/^text\/event-stream/);
    // As many as one key may have waiting.
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 100 }, () => ask('HEAD', path)));
    expect((await ask('GET', path)).status).toBe(200);
  });

  it('is refused with a compressed body, and with both a recording and a url', async () => {
    const compressed = await post('x', '', { 'content-encoding': 'gzip' });
    expect(compressed).toMatchObject({ status: 415, json: { code: 'unsupported-format' } });
    expect((await ask('POST', '/v1/voices?name=Ada', 'x', { 'content-encoding': 'br' })).status).toBe(415);
    const both = await post(orders(), '?url=https://example.com/a.wav');
    expect(both).toMatchObject({ status: 400, json: { detail: expect.stringMatching(/both url and a recording/) } });
    const alone = await post('', '?url=http://127.0.0.1:9/a.wav');
    expect(alone.status).toBe(202);
    await ask('DELETE', `/v1/jobs/${alone.json.id}`);
  });

  it('fails with a problem, which is returned for its result', async () => {
    const made = await post('MZ no audio');
    const ended = await ask('GET', `/v1/jobs/${made.json.id}?wait=20`);
    expect(ended.json).toMatchObject({
      state: 'failed',
      failures: 1,
      problem: { code: 'unsupported-format', status: 415 },
    });
    expect(await ask('GET', `/v1/jobs/${made.json.id}/result`)).toMatchObject({
      status: 415,
      json: { code: 'unsupported-format', hint: 'Send audio.' },
    });
    const { text } = await ask('GET', `/v1/jobs/${made.json.id}/events`);
    expect(text).toMatch(/event: problem\n/);
    expect(files()).toEqual([]);
  });

  it('is tried three times on a temporary failure', async () => {
    const made = await post(orders({ code: 'backend-failed' }));
    const ended = await ask('GET', `/v1/jobs/${made.json.id}?wait=30`);
    expect(ended.json).toMatchObject({
      state: 'failed',
      failures: 3,
      problem: { code: 'backend-failed', status: 500 },
    });
  });

  it('is canceled while it runs, with its audio deleted, and removed once it has ended', async () => {
    const made = await post(orders({ ms: 60_000 }));
    const path = `/v1/jobs/${made.json.id}`;
    for (let state = ''; state !== 'running'; ) state = (await ask('GET', path)).json.state;
    expect(files().length).toBe(1);
    expect((await ask('DELETE', path)).json.state).toBe('canceled');
    expect(files()).toEqual([]);
    expect((await ask('GET', `${path}/result`)).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(204);
    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(404);
    // The worker is free again.
    const next = await post(orders());
    expect((await ask('GET', `/v1/jobs/${next.json.id}?wait=20`)).json.state).toBe('succeeded');
  });

  it('is created once per Idempotency-Key, and its audio stored once', async () => {
    const key = { 'idempotency-key': 'call-7' };
    const first = await post(orders(), '', key);
    const again = await post(orders(), '', key);
    expect(again.status).toBe(202);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.json.id).toBe(first.json.id);
    expect((await post(orders(), '?minSpeakers=2', key)).json.code).toBe('invalid-option');
    expect((await post(orders(), '', key, 'bob')).json.id).not.toBe(first.json.id);
    expect((await post(orders(), '', { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  it('is visible only to its key', async () => {
    const made = await post(orders());
    const path = `/v1/jobs/${made.json.id}`;
    for (const [method, suffix] of [
      ['GET', ''],
      ['GET', '/result'],
      ['GET', '/events'],
      ['DELETE', ''],
    ] as const)
      expect((await ask(method, path + suffix, undefined, {}, 'bob')).status).toBe(404);
    const { json } = await ask('GET', '/v1/jobs?limit=100', undefined, {}, 'bob');
    expect(json.jobs.map(({ id }: { id: string }) => id)).not.toContain(made.json.id);
    expect((await app.fetch(path)).status).toBe(401);
  });

  it('is listed in pages', async () => {
    const first = await ask('GET', '/v1/jobs?limit=2');
    expect(first.json.jobs.length).toBe(2);
    const second = await ask('GET', `/v1/jobs?limit=2&before=${first.json.next}`);
    expect(second.json.jobs[0].id).not.toBe(first.json.jobs[1].id);
    const failed = await ask('GET', '/v1/jobs?state=failed');
    expect(failed.json.jobs.length).toBeGreaterThan(0);
    expect(failed.json.next).toBeNull();
  });
});

describe('invalid input', () => {
  const cases: readonly (readonly [string, BodyInit, string, Record<string, string>, string])[] = [
    ['no audio', '', '', {}, 'invalid-audio'],
    ['an option that is none', orders(), '?speakers=2', {}, 'invalid-option'],
    ['a bad option', orders(), '?minSpeakers=many', {}, 'invalid-option'],
    ['a number of speakers out of range', orders(), '?numSpeakers=0', {}, 'invalid-option'],
    ['bounds that are crossed', orders(), '?minSpeakers=3&maxSpeakers=2', {}, 'invalid-option'],
    ['an exact number with a bound', orders(), '?numSpeakers=2&maxSpeakers=3', {}, 'invalid-option'],
    ['a share out of range', orders(), '?falseNames=0.6', {}, 'invalid-option'],
    [
      'a number out of range in JSON',
      '{"url":"http://example.com/","maxSpeakers":101}',
      '',
      JSON_TYPE,
      'invalid-option',
    ],
    [
      'a known voice without a direction',
      orders(),
      `?known=${encodeURIComponent('[{"name":"Ada","space":"s","embedding":[0,0]}]')}`,
      {},
      'invalid-option',
    ],
    ['an option given twice', orders(), '?minSpeakers=1&minSpeakers=2', {}, 'invalid-option'],
    ['a bad priority', orders(), '?priority=1000', {}, 'invalid-option'],
    ['a priority that is no number', orders(), '?priority=high', {}, 'invalid-option'],
    ['metadata that is no JSON', orders(), '?metadata=x', {}, 'invalid-option'],
    [
      'metadata with what no database keeps',
      orders(),
      `?metadata=${encodeURIComponent('{"a":"\\u0000"}')}`,
      {},
      'invalid-option',
    ],
    [
      'metadata with half of a character',
      orders(),
      `?metadata=${encodeURIComponent('{"\\ud83d":1}')}`,
      {},
      'invalid-option',
    ],
    ['an option with what no database keeps', orders(), '?uri=a%00b', {}, 'invalid-option'],
    ['metadata that is a list', orders(), '?metadata=[1]', {}, 'invalid-option'],
    ['a flag that is none', orders(), '?embeddings=maybe', {}, 'invalid-option'],
    ['a webhook that is no address', orders(), '?webhook=here', {}, 'invalid-option'],
    ['a webhook of another scheme', orders(), '?webhook=file:///etc/passwd', {}, 'invalid-option'],
    ['JSON without url', '{}', '', JSON_TYPE, 'invalid-option'],
    ['JSON that is none', '{', '', JSON_TYPE, 'invalid-option'],
    ['JSON that is a list', '[]', '', JSON_TYPE, 'invalid-option'],
    ['JSON of too many levels', `{"x":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, '', JSON_TYPE, 'invalid-option'],
    [
      'metadata of too many levels',
      `{"url":"http://example.com/","metadata":${'{"a":'.repeat(2_500)}1${'}'.repeat(2_500)}}`,
      '',
      JSON_TYPE,
      'invalid-option',
    ],
    ['a url with a password', '{"url":"http://a:b@example.com/"}', '', JSON_TYPE, 'invalid-option'],
    ['a url that is a number', '{"url":7}', '', JSON_TYPE, 'invalid-option'],
    ['a form without boundary', 'x', '', { 'content-type': 'multipart/form-data' }, 'invalid-option'],
    ['a form that is none', 'x', '', { 'content-type': 'multipart/form-data; boundary=b' }, 'invalid-option'],
    [
      'a form that was cut off',
      '--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nabc',
      '',
      { 'content-type': 'multipart/form-data; boundary=b' },
      'invalid-option',
    ],
    ['too much', 'x'.repeat(100_001), '', {}, 'audio-too-large'],
  ];
  for (const [name, body, query, headers, code] of cases) {
    it(`is rejected: ${name}`, async () => {
      const before = files().length;
      const { json, status } = await post(body, query, headers);
      expect(json).toMatchObject({ code, type: `urn:voiceflow:error:${code}` });
      expect(status).toBe({ 'invalid-option': 400, 'invalid-audio': 422 }[code] ?? 413);
      expect(files().length).toBe(before);
    });
  }

  it('is rejected if the sender pauses or a stream is too long, and leaves no files', async () => {
    const before = files().length;
    const silent = new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(10)) });
    expect((await post(silent)).json.code).toBe('deadline-exceeded');
    const dripping = new ReadableStream({
      async pull(c) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        c.enqueue(new Uint8Array(1));
      },
    });
    expect((await post(dripping)).json).toMatchObject({
      code: 'deadline-exceeded',
      detail: expect.stringMatching(/fewer than 1024/),
    });
    const endless = new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(50_000)) });
    expect((await post(endless)).json.code).toBe('audio-too-large');
    expect(files().length).toBe(before);
  });

  it('is found by its id in upper case, which is the same UUID', async () => {
    const made = await post(orders({ ms: 300 }));
    const ended = await ask('GET', `/v1/jobs/${made.json.id.toUpperCase()}?wait=20`);
    expect(ended.json).toMatchObject({ id: made.json.id, state: 'succeeded' });
    const { text } = await ask('GET', `/v1/jobs/${made.json.id.toUpperCase()}/events`);
    expect(text).toContain('event: result');
  });

  it('is rejected for missing jobs and voices, and for invalid ids', async () => {
    for (const suffix of ['', '/result', '/events']) {
      expect((await ask('GET', `/v1/jobs/${ABSENT}${suffix}`)).status).toBe(404);
      expect((await ask('GET', `/v1/jobs/1${suffix}`)).json.code).toBe('invalid-option');
    }
    for (const query of ['?limit=0', '?limit=1000', '?before=x', '?state=lost', `/${ABSENT}?wait=x`])
      expect((await ask('GET', `/v1/jobs${query}`)).json.code, query).toBe('invalid-option');
    expect((await ask('DELETE', '/v1/voices/nobody')).status).toBe(404);
    const put = await ask('PUT', '/v1/jobs');
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST, GET']);
  });
});

describe('any text', () => {
  it('is stored exactly', async () => {
    const metadata = { a: '\\u0000 written out', b: 'Zoë 😀', c: '\\' };
    const made = await post(orders(), `?metadata=${encodeURIComponent(JSON.stringify(metadata))}`);
    expect(made.json.metadata).toEqual(metadata);
  });
});

describe('the API description', () => {
  it('contains the job routes, with their schemas', async () => {
    const { json } = await ask('GET', '/openapi.json');
    for (const path of ['/v1/jobs', '/v1/jobs/{id}', '/v1/jobs/{id}/result', '/v1/jobs/{id}/events', '/v1/voices'])
      expect(json.paths).toHaveProperty([path]);
    expect(json.components.schemas.Job.properties.state.enum).toContain('succeeded');
    expect((await ask('GET', '/docs')).text).toContain('/v1/jobs/{id}/result');
  });

  it('and the metrics of the queue exist', async () => {
    const { text } = await ask('GET', '/metrics');
    for (const name of ['voiceflow_jobs_queued', 'voiceflow_jobs_age_seconds', 'voiceflow_job_retries_total'])
      expect(text).toContain(`\n${name}`);
    expect(text).toMatch(/voiceflow_requests_total\{.*route="\/v1\/jobs\/:id\/events".*outcome="ok"/);
  });
});
