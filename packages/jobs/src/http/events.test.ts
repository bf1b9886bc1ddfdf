import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import type { Jobs } from '../queue/submit.ts';
import { eventsOf } from './events.ts';
import type { RouteParts } from './parts.ts';
import { Watch } from './watch.ts';

/** The events of a job, opened after the shutdown began. */
async function eventsAtShutdown(state: string, problem: unknown = null): Promise<Response> {
  // Stand-ins with what is used.
  const jobs = {
    get: async () => ({ id: 'j', state, progress: null, problem }),
    result: async () => ({ duration: 1 }),
  };
  const watch = new Watch({ listen() {} } as unknown as Database, jobs as unknown as Jobs);
  watch.close();
  const host = { client: () => 'a', requestId: () => 'r', problem: (told: unknown) => told };
  const app = new Hono().get('/', (c) => eventsOf(c, 'j', { jobs, host, watch } as unknown as RouteParts));
  return app.request('/');
}

it.each([
  ['succeeded', null, ['job', 'result']],
  ['failed', { code: 'backend-failed' }, ['job', 'problem']],
  ['running', null, ['job']],
] as const)('of a job that is %s are complete also during the shutdown', async (state, problem, expected) => {
  const text = await (await eventsAtShutdown(state, problem)).text();
  expect([...text.matchAll(/^event: (\w+)$/gm)].map(([, event]) => event)).toEqual(expected);
});

it('leave framing and connection to the runtime', async () => {
  const { headers } = await eventsAtShutdown('succeeded');
  expect([headers.get('connection'), headers.get('transfer-encoding')]).toEqual([null, null]);
});
