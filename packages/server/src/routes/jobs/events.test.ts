import type { JobsMount } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { AppEnv } from '../../http/context.ts';
import { eventsOf } from './events.ts';

/** The events of a job, opened after the shutdown began: its changes are no longer watched. */
async function eventsAtShutdown(state: string, problem: unknown = null): Promise<Response> {
  // Stand-ins with what is used.
  const jobs = {
    get: async () => ({ id: 'j', state, progress: null, problem }),
    result: async () => ({ duration: 1 }),
  };
  const watch: Pick<JobsMount['watch'], 'subscribe'> = {
    subscribe(_key, _id, listener) {
      queueMicrotask(() => listener(undefined));
      return () => {};
    },
  };
  const app = new Hono<AppEnv>().get('/', (c) => eventsOf(c, 'j', { jobs, watch } as unknown as JobsMount));
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
