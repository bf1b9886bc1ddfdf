import type { Context } from 'hono';
import type { ListQuery } from '../queue/types.ts';
import { eventsOf } from './events.ts';
import type { RouteParts } from './parts.ts';
import { respondWithResult } from './result.ts';
import { submit } from './submit.ts';
import { hasEnded, viewOf } from './view.ts';
import { enroll } from './voices.ts';

export type JobHandlers = ReturnType<typeof jobHandlers>;

/**
 * Handlers of the requests for jobs and voices. The server defines the routes, their descriptions and their options,
 * and turns thrown errors into responses.
 */
export function jobHandlers(parts: RouteParts) {
  const { host, jobs, voices, storage, watch } = parts;
  const view = (c: Context, job: Parameters<typeof viewOf>[0], result?: unknown) =>
    viewOf(job, host, host.requestId(c), result);

  return {
    async submit(c: Context) {
      const { job, repeated } = await submit(c, parts);
      const headers: Record<string, string> = { location: `/v1/jobs/${job.id}` };
      if (repeated) headers['idempotent-replayed'] = 'true';
      return c.json(view(c, job), 202, headers);
    },

    async list(c: Context, { limit, before, state }: ListQuery) {
      const page = await jobs.list(host.client(c), { limit: limit + 1, before, state });
      const shown = page.slice(0, limit);
      const next = page.length > limit ? (shown.at(-1)?.seq ?? null) : null;
      return c.json({ jobs: shown.map((job) => view(c, job)), next });
    },

    /** @param wait Seconds to wait for the end of the job. */
    async get(c: Context, id: string, wait: number) {
      const key = host.client(c);
      let job = await jobs.get(key, id);
      if (job !== undefined && wait > 0 && !hasEnded(job)) {
        await watch.wait(key, id, wait * 1000, c.req.raw.signal, hasEnded);
        job = await jobs.get(key, id);
      }
      if (job === undefined) return c.notFound();
      const result = job.state === 'succeeded' ? await jobs.result(key, id) : undefined;
      return c.json(view(c, job, result));
    },

    result: (c: Context, id: string) => respondWithResult(c, id, parts),
    events: (c: Context, id: string) => eventsOf(c, id, parts),

    /** Cancels a job that has not ended; removes one that has. */
    async remove(c: Context, id: string) {
      const key = host.client(c);
      const job = await jobs.cancel(key, id);
      const object = await jobs.object(key, id);
      if (object !== undefined) {
        await storage.delete(object);
        await jobs.forget(key, id);
      }
      if (job !== undefined) return c.json(view(c, job));
      return (await jobs.remove(key, id)) ? c.body(null, 204) : c.notFound();
    },

    enroll: async (c: Context, name: string) => c.json(await enroll(c, name, parts), 201),
    listVoices: async (c: Context) => c.json({ voices: await voices.list(host.client(c)) }),
    async removeVoice(c: Context, name: string) {
      return (await voices.remove(host.client(c), [name, name.normalize('NFC').trim()]))
        ? c.body(null, 204)
        : c.notFound();
    },
  };
}
