import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEntry } from '@voiceflow-ml/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documented } from '../server/documented.ts';
import type { Subject } from '../server/harness.ts';
import { jobsApp, orders, type TestApp } from './app.ts';
import { dataFolder, PATIENCE, testOptions } from './databases.ts';

/** The voice book of an API key. */

const KEYS = [
  { name: 'ann', key: 'ann-0123456789abcdef' },
  { name: 'bob', key: 'bob-0123456789abcdef' },
];

let data: string;
let app: TestApp;
const logged: LogEntry[] = [];
/** Holds each JSON answer to the API description. */
let subject: Subject;
beforeAll(async () => {
  data = await dataFolder();
  const log = (entry: LogEntry) => logged.push(entry);
  app = await jobsApp(testOptions({ data }), { keys: KEYS, limits: { workMs: 400 }, log });
  subject = documented(app);
}, PATIENCE);
afterAll(async () => {
  await app.close();
  rmSync(data, { recursive: true, force: true });
});

const ask = async (method: string, path: string, body?: string, who = 'ann') => {
  const headers = { authorization: `Bearer ${KEYS.find(({ name }) => name === who)?.key}` };
  const response = await subject.fetch(path, { method, headers, body });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
};
const namesOf = async () => (await ask('GET', '/v1/voices')).json.voices.map(({ name }: { name: string }) => name);

describe('voices', () => {
  it('are enrolled, listed without embeddings, recognized on request, and deleted', async () => {
    const made = await ask('POST', '/v1/voices?name=Ada', orders());
    expect([made.status, made.json]).toMatchObject([201, { name: 'Ada', space: 'fake', samples: 1 }]);
    expect((await ask('POST', '/v1/voices?name=Ada', orders())).json.samples).toBe(2);
    expect(await namesOf()).toEqual(['Ada']);
    expect((await ask('GET', '/v1/voices')).text).not.toContain('embedding');
    expect((await ask('GET', '/v1/voices', undefined, 'bob')).json.voices).toEqual([]);
    const job = await ask('POST', '/v1/jobs?voices=true', orders());
    await ask('GET', `/v1/jobs/${job.json.id}?wait=20`);
    expect(JSON.parse(app.seen.at(-1)?.known ?? '')).toEqual([{ name: 'Ada', space: 'fake', embedding: [0, 1] }]);
    expect((await ask('POST', '/v1/jobs?voices=true&known=[]', orders())).json.code).toBe('invalid-option');
    expect((await ask('DELETE', '/v1/voices/Ada')).status).toBe(204);
    expect(logged.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/voices/:name', status: 204 });
    expect(JSON.stringify(logged)).not.toContain('Ada');
    expect((await ask('GET', '/v1/voices')).json.voices).toEqual([]);
    expect((await ask('POST', '/v1/voices', orders())).json.code).toBe('invalid-option');
    expect((await ask('POST', '/v1/voices?name=a%00b', orders())).json.code).toBe('invalid-option');
    // No client can name these in the path of a DELETE.
    for (const name of ['.', '..', ' ..'])
      expect((await ask('POST', `/v1/voices?name=${name}`, orders())).json.code).toBe('invalid-option');
    expect((await ask('POST', '/v1/voices?name=X', 'no audio')).json.code).toBe('unsupported-format');
    const files = (readdirSync(join(data, 'audio'), { recursive: true }) as string[]).filter((path) => path.length > 5);
    expect(files).toEqual([]);
  });

  it('have names that every later job accepts', async () => {
    // A blank, a line separator, and a character that changes the writing direction.
    for (const name of ['%20', '%E2%80%A8', 'a%E2%80%AEb'])
      expect((await ask('POST', `/v1/voices?name=${name}`, orders())).json, name).toMatchObject({
        code: 'invalid-option',
      });
    expect(await namesOf()).toEqual([]);
  });

  it('have one name however its characters are composed', async () => {
    expect((await ask('POST', `/v1/voices?name=${encodeURIComponent(' Zoe\u0308 ')}`, orders())).json.name).toBe(
      'Zo\u00eb',
    );
    expect((await ask('POST', `/v1/voices?name=${encodeURIComponent('Zo\u00eb')}`, orders())).json.samples).toBe(2);
    expect((await ask('DELETE', `/v1/voices/${encodeURIComponent('Zoe\u0308')}`)).status).toBe(204);
    expect(await namesOf()).toEqual([]);
  });

  it('are rejected when the recording takes longer than the limit of the work', async () => {
    expect((await ask('POST', '/v1/voices?name=Ada', orders({ ms: 20_000 }))).json.code).toBe('deadline-exceeded');
  });
});
