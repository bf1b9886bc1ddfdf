/** The app with jobs and a fake engine in this process. */
import { readFileSync } from 'node:fs';
import { type JobsOptions, mountJobs, type OpenJobs, openJobs } from '@voiceflow-ml/jobs';
import { type AppOptions, createApp, type Engine, localEngine } from '@voiceflow-ml/server';
import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';

/** What a recording tells the fake engine: it is JSON. */
interface Orders {
  /** Milliseconds to take. */
  readonly ms?: number;
  /** A code to fail with. */
  readonly code?: ErrorCode;
}

const manifest = {
  ...{ id: 'fake', version: '1', space: 'fake', license: 'Apache-2.0', pipeline: 'fake', sampleRate: 16_000 },
  ...{ files: {}, inputs: [], outputs: [], settings: {} },
};

/** @param seen Parameters of every job that was run. */
function fakeEngine(seen: Readonly<Record<string, string>>[] = []): Engine {
  return localEngine(
    {
      open: () => {
        throw new Error('not here');
      },
      async run(job, body, { signal, onProgress }) {
        seen.push(job.params);
        const bytes = job.file === undefined ? body : readFileSync(job.file);
        const text = new TextDecoder().decode(bytes);
        if (!text.startsWith('{')) {
          throw new VoiceFlowError('unsupported-format', 'the bytes are no audio', { hint: 'Send audio.' });
        }
        const { ms = 0, code } = JSON.parse(text) as Orders;
        if (code !== undefined) throw new VoiceFlowError(code, `asked to fail with ${code}`);
        for (let done = 0; done < ms; done += 50) {
          onProgress?.({ stage: 'model', done, total: ms });
          await new Promise((resolve) => setTimeout(resolve, 50));
          if (signal.aborted) throw signal.reason;
        }
        const turns = [{ start: 0.5, end: 2, speaker: 'SPEAKER_00' }];
        const speakers = [{ label: 'SPEAKER_00', seconds: 1.5, embedding: [1, 0] }];
        const { id, version, space } = manifest;
        const result = { duration: 2, turns, speakers, model: { id, version, space }, backend: 'fake', warnings: [] };
        const answer = job.kind === 'embed' ? { embedding: [0, 1], space } : { ...result, timings: {} };
        return {
          contentType: 'application/json',
          body: new TextEncoder().encode(JSON.stringify(answer)),
          timings: {},
          audioSeconds: 2,
        };
      },
    },
    { manifest, backend: 'fake' },
  );
}

export interface TestApp {
  readonly open: OpenJobs;
  readonly seen: Readonly<Record<string, string>>[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export async function jobsApp(options: JobsOptions, more: Partial<AppOptions> = {}, works = true): Promise<TestApp> {
  const open = await openJobs(options);
  const seen: Readonly<Record<string, string>>[] = [];
  const engine = fakeEngine(seen);
  const app = createApp({
    engine,
    version: '0.0.0',
    jobs: (host) => {
      const jobs = mountJobs(open, host, works);
      jobs.start();
      return jobs;
    },
    ...more,
    limits: { drainMs: 2_000, ...more.limits },
  });
  return {
    open,
    seen,
    fetch: async (path, init) => app.fetch(new Request(`http://in.process${path}`, init)),
    drain: () => app.drain(),
    close: async () => {
      await app.drain();
      await open.db.close();
      await engine.close();
    },
  };
}

export const orders = (given: Orders = {}) => JSON.stringify(given);
