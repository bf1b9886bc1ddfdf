import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { JobsMount } from '@voiceflow-ml/jobs';
import { createApp } from '../../app.ts';
import { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { LogEntry } from '../../http/log.ts';
import { MetricsRegistry } from '../../metrics/registry.ts';
import type { AppOptions } from '../../state.ts';
import { VERSION } from '../../version.ts';
import { clientAddresses } from './client-address.ts';
import { delay } from './drain.ts';
import { logLine } from './log-lines.ts';
import { memoryWarning } from './memory.ts';
import { type ResolvedOptions, resolveOptions, type ServeOptions } from './options.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { workerCommand } from './worker-command.ts';

/** Options of the entries that use worker processes. */
export interface EntryOptions extends ServeOptions {
  /** Receives log entries. Default: writes each as a line of JSON to standard error. */
  readonly log?: (entry: LogEntry) => void;
  /** The command that starts a worker, for tests. */
  readonly command?: WorkerCommand;
}

/** Longest wait for the database of jobs when everything ends. */
const CLOSE_JOBS_MS = 5_000;

export type Prepared = Awaited<ReturnType<typeof prepare>>;

/**
 * Starts the workers and creates the app, ready to serve requests. `start` begins the work on jobs, once the server
 * listens; `close` ends everything, after draining or when the server cannot listen.
 * @param runtime Functions of the runtime; its `clientAddress` returns the address of the connection.
 */
export async function prepare(
  entry: EntryOptions,
  runtime: Pick<AppOptions, 'pump' | 'openBody' | 'upgradeWebSocket' | 'clientAddress' | 'whenSent'>,
) {
  const options = resolveOptions(entry, process.env, availableParallelism());
  const log = entry.log ?? logLine;
  const warning = memoryWarning(options);
  if (warning !== undefined) log(warning);
  const pool = await PoolEngine.start({
    workers: options.workers,
    command: entry.command ?? workerCommand(options),
    onWorkerEnd: (error) => log({ level: 'warn', message: 'worker ended', error: String(error) }),
  });
  const mountJobs = await jobsOf(options).catch(async (error) => {
    await pool.close();
    throw error;
  });
  let jobs: JobsMount | undefined;
  const address = clientAddresses(options.trustedProxies);
  const metrics = new MetricsRegistry();
  registerProcessMetrics(metrics, pool);
  const app = createApp({
    ...options,
    engine: pool,
    version: VERSION,
    metrics,
    log,
    jobs:
      mountJobs &&
      ((host) => {
        jobs = mountJobs(host);
        return jobs;
      }),
    ...runtime,
    clientAddress: (c) => address(runtime.clientAddress?.(c), c.req.header('x-forwarded-for')),
  });
  return {
    app,
    pool,
    options,
    log,
    start: () => jobs?.start(),
    async close() {
      // Draining has stopped the jobs already, unless there was no time for it. A database may not respond.
      const closeJobs = async () => {
        await jobs?.stop(0);
        await jobs?.close();
      };
      await Promise.race([closeJobs(), delay(CLOSE_JOBS_MS)]);
      await pool.close();
    },
  };
}

/** Loads the module for jobs, with its database, only if the server keeps jobs. */
async function jobsOf({ jobs, apiOnly }: ResolvedOptions): Promise<AppOptions['jobs']> {
  if (jobs === undefined) return undefined;
  const { mountJobs, openJobs } = await import('@voiceflow-ml/jobs');
  const open = await openJobs(jobs);
  return (host) => mountJobs(open, host, !apiOnly);
}
