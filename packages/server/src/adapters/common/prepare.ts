import { availableParallelism } from 'node:os';
import process from 'node:process';
import { createApp, type VoiceFlowApp } from '../../app.ts';
import { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { LogEntry } from '../../http/log.ts';
import { MetricsRegistry } from '../../metrics/registry.ts';
import type { AppOptions } from '../../state.ts';
import { VERSION } from '../../version.ts';
import { clientAddresses } from './client-address.ts';
import { logLine } from './log-lines.ts';
import { memoryWarning } from './memory.ts';
import { type ResolvedOptions, resolveOptions, type ServeOptions } from './options.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { workerCommand } from './worker-command.ts';

/** What an entry adds to make a server on processes. */
export interface EntryOptions extends ServeOptions {
  /** Takes log entries; one JSON line each on standard error by default. */
  readonly log?: (entry: LogEntry) => void;
  /** How a worker is started, for tests. */
  readonly command?: WorkerCommand;
}

export interface Prepared {
  readonly app: VoiceFlowApp;
  readonly pool: PoolEngine;
  readonly options: ResolvedOptions;
  readonly log: (entry: LogEntry) => void;
}

/**
 * Starts the workers and makes the app, ready to be listened with.
 * @param runtime What it adds; its `clientAddress` is that of the connection.
 */
export async function prepare(
  entry: EntryOptions,
  runtime: Pick<AppOptions, 'pump' | 'openBody' | 'upgradeWebSocket' | 'clientAddress' | 'whenSent'>,
): Promise<Prepared> {
  const options = resolveOptions(entry, process.env, availableParallelism());
  const log = entry.log ?? logLine;
  const warning = memoryWarning(options);
  if (warning !== undefined) log(warning);
  const pool = await PoolEngine.start({
    workers: options.workers,
    command: entry.command ?? workerCommand(options),
    onWorkerEnd: (error) => log({ level: 'warn', message: 'worker ended', error: String(error) }),
  });
  const jobs = await jobsOf(options).catch(async (error) => {
    await pool.close();
    throw error;
  });
  const address = clientAddresses(options.trustedProxies);
  const metrics = new MetricsRegistry();
  registerProcessMetrics(metrics, pool);
  const app = createApp({
    engine: pool,
    version: VERSION,
    limits: options.limits,
    keys: options.keys,
    quotaPerMinute: options.quotaPerMinute,
    corsOrigins: options.corsOrigins,
    allowedHosts: options.allowedHosts,
    metrics,
    log,
    jobs,
    ...runtime,
    clientAddress: (c) => address(runtime.clientAddress?.(c), c.req.header('x-forwarded-for')),
  });
  return { app, pool, options, log };
}

/** The module of jobs, with its database, is loaded only where jobs are kept. */
async function jobsOf({ jobs, apiOnly }: ResolvedOptions): Promise<AppOptions['jobs']> {
  if (jobs === undefined) return undefined;
  const { mountJobs, openJobs } = await import('@voiceflow-ml/jobs');
  const open = await openJobs(jobs);
  return (host) => mountJobs(open, host, !apiOnly);
}
