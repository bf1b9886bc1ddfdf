import { describe, expect, it } from 'vitest';
import { orders } from './app.ts';
import { keyedApp } from './keyed-app.ts';

/** What the routes of jobs reject. */

const ABSENT = '019f4070-3a8d-7523-b186-45ad8c7f58ff';
const JSON_TYPE = { 'content-type': 'application/json' };
const { ask, post, files } = keyedApp();

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
