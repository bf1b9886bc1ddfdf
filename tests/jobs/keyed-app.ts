import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { documented } from '../server/documented.ts';
import type { Subject } from '../server/harness.ts';
import { jobsApp, type TestApp } from './app.ts';
import { dataFolder, PATIENCE, testOptions } from './databases.ts';

const KEYS = [
  { name: 'ann', key: 'ann-0123456789abcdef' },
  { name: 'bob', key: 'bob-0123456789abcdef' },
];

/** Requests of Ann and Bob to an app on the embedded database and a folder, for the tests of one file. */
export function keyedApp() {
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
    const authorization = `Bearer ${KEYS.find((each) => each.name === who)?.key}`;
    const init = { method, headers: { authorization, ...headers }, body, duplex: 'half' };
    const response = await subject.fetch(path, init as RequestInit);
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  };
  const post = (body: BodyInit, query = '', headers: Record<string, string> = {}, who = 'ann') =>
    ask('POST', `/v1/jobs${query}`, body, headers, who);
  /** Stored recordings; their folder does not exist before the first one. */
  const files = () => {
    const folder = join(data, 'audio');
    const paths = existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : [];
    return paths.filter((path) => path.length > 5);
  };
  const fetchWithoutKey = (path: string) => app.fetch(path);
  return { ask, post, files, fetchWithoutKey };
}
