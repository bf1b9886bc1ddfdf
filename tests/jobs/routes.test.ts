import { describe, expect, it } from 'vitest';
import { orders } from './app.ts';
import { keyedApp } from './keyed-app.ts';

/** The routes of jobs, on the embedded database and a folder. */

const { ask, post, files, fetchWithoutKey } = keyedApp();

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
    expect((await fetchWithoutKey(path)).status).toBe(401);
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
