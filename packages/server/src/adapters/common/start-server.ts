import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { JobsMount } from '@voiceflow-ml/jobs';
import { createApp, type VoiceFlowApp } from '../../app.ts';
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

/** A running server, on any runtime. */
export interface RunningServer {
  readonly url: string;
  readonly app: VoiceFlowApp;
  readonly pool: PoolEngine;
  /** Stops listening, responds to all accepted requests, ends the workers. Further calls return the same promise. */
  close(): Promise<void>;
}

/** What a runtime provides; its `clientAddress` returns the address of the connection. */
type Runtime = Pick<AppOptions, 'openBody' | 'upgradeWebSocket' | 'clientAddress' | 'whenSent'>;

interface Listening {
  readonly port: number;
  /** Drains the app and stops listening. Called once, however often the server is closed. */
  stop(): Promise<void>;
}

/** Longest wait for the database of jobs when everything ends. */
const CLOSE_JOBS_MS = 5_000;

/**
 * Starts the workers, creates the app, listens, and then starts the work on jobs.
 * @param listen When it fails, the workers end and the database of jobs is closed.
 */
export async function startServer(
  entry: EntryOptions,
  runtime: Runtime,
  listen: (app: VoiceFlowApp, options: ResolvedOptions) => Listening | Promise<Listening>,
): Promise<RunningServer> {
  const options = resolveOptions(entry, process.env, availableParallelism());
  const log = entry.log ?? logLine;
  const warning = memoryWarning(options);
  if (warning !== undefined) log(warning);
  const pool = await PoolEngine.start({
    workers: options.workers,
    command: entry.command ?? workerCommand(options),
    onWorkerEnd: (error) => log({ level: 'warn', message: 'worker ended', error: String(error) }),
  });
  let jobs: JobsMount | undefined;
  const end = async () => {
    // Draining has stopped the jobs already, unless there was no time for it. A database may not respond.
    const closeJobs = async () => {
      await jobs?.stop(0);
      await jobs?.close();
    };
    await Promise.race([closeJobs(), delay(CLOSE_JOBS_MS)]);
    await pool.close();
  };
  try {
    const mountJobs = await jobsOf(options);
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
    const { port, stop } = await listen(app, options);
    let closed: Promise<void> | undefined;
    jobs?.start();
    return {
      url: urlOf(options.host, port),
      app,
      pool,
      close() {
        closed ??= stop().finally(end);
        return closed;
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Loads the module for jobs, with its database, only if the server keeps jobs. */
async function jobsOf({ jobs, apiOnly }: ResolvedOptions): Promise<AppOptions['jobs']> {
  if (jobs === undefined) return undefined;
  const { mountJobs, openJobs } = await import('@voiceflow-ml/jobs');
  const open = await openJobs(jobs);
  return (host) => mountJobs(open, host, !apiOnly);
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
