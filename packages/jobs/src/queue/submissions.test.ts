import { expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Database, DatabaseError, unavailable } from '../database/database.ts';
import type { Storage } from '../storage/storage.ts';
import { Jobs } from './jobs.ts';
import { Submissions } from './submissions.ts';

/** Uploads a recording to a database that responds like `query`. Returns the objects that are left in the storage. */
async function objectsAfter(query: Database['query']): Promise<{ objects: string[]; error: unknown }> {
  const objects = new Set<string>();
  // Stand-ins with what is called of them.
  const storage = {
    put: async (name: string) => objects.add(name).size,
    delete: async (name: string) => void objects.delete(name),
  } as unknown as Storage;
  const jobs = new Jobs({ query } as Database);
  const submissions = new Submissions({ jobs, storage, allowPrivate: false, webhooks: false });
  const upload = { body: (async function* () {})(), contentType: '', count() {} };
  const error = await submissions
    .submitRecording(upload, () => ({ key: 'k', priority: 0, options: {} }))
    .catch((thrown: unknown) => thrown);
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
