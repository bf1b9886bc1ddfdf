import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJobs } from '@voiceflow-ml/jobs';
import { expect, it, vi } from 'vitest';
import { jobsOptions } from '../options.ts';

it('rejects a query whose result cannot be transferred from its thread, and runs the next', async () => {
  const data = mkdtempSync(join(tmpdir(), 'voiceflow-embedded-'));
  const options = jobsOptions({ VOICEFLOW_DATA: data });
  if (options === undefined) throw new Error('there are options');
  const { db } = await openJobs(options);
  try {
    // So many levels that messages between threads cannot have them.
    const deep = db.query("select (repeat('[', 4000) || repeat(']', 4000))::jsonb as deep");
    await expect(deep).rejects.toMatchObject({ code: 'backend-unavailable' });
    await vi.waitFor(async () => expect(await db.query('select 1 as one')).toEqual([{ one: 1 }]), {
      timeout: 240_000,
      interval: 100,
    });
  } finally {
    await db.close();
    rmSync(data, { recursive: true, force: true });
  }
});
