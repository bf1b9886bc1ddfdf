import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Database, DatabaseError, unavailable } from '../database/database.ts';
import { Jobs } from '../queue/submit.ts';
import type { RouteParts } from './parts.ts';
import { submit } from './submit.ts';

/** Uploads a recording to a database that responds like `query`. Returns the objects that are left in the storage. */
async function objectsAfter(query: Database['query']): Promise<{ objects: string[]; error: unknown }> {
  const objects = new Set<string>();
  let error: unknown;
  // Stand-ins with what is called of them.
  const parts = {
    host: {
      hold: () => ({ take() {}, release() {} }),
      client: () => 'k',
      query: () => ({}),
      submission: () => ({ priority: 0 }),
      checkOptions() {},
      body: () => new Response('audio').body,
    },
    jobs: new Jobs({ query } as Database),
    storage: {
      put: async (name: string) => objects.add(name).size,
      delete: async (name: string) => void objects.delete(name),
    },
    admit: (_: string, request: () => unknown) => request(),
  } as unknown as RouteParts;
  const app = new Hono().post('/', async (c) => {
    await submit(c, parts).catch((thrown) => {
      error = thrown;
    });
    return c.text('');
  });
  await app.request('/', { method: 'POST' });
  return { objects: [...objects], error };
}

it('keeps the audio when it is unknown whether the job was stored', async () => {
  const stored: string[] = [];
  const { objects, error } = await objectsAfter(async (_, [json] = []) => {
    stored.push(JSON.parse(String(json)).object);
    throw unavailable('the connection was lost after the commit');
  });
  expect(error).toMatchObject({ code: 'backend-unavailable' });
  expect(stored).toHaveLength(1);
  expect(objects).toEqual(stored);
});

it.each([
  ['the database refused the job', new DatabaseError('no', '22000')],
  ['the job was refused', new VoiceFlowError('overloaded', 'no')],
])('deletes the audio when %s', async (_, refusal) => {
  const { objects, error } = await objectsAfter(async () => {
    throw refusal;
  });
  expect(error).toBe(refusal);
  expect(objects).toEqual([]);
});
