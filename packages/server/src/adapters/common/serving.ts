import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { createApp, type VoiceFlowApp } from '../../app.ts';
import { yieldToWorkers } from '../../engine/processes/niceness.ts';
import { PoolEngine } from '../../engine/processes/pool-engine.ts';
import { WORKER_FLAGS } from '../../engine/processes/v8.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { LogEntry } from '../../http/log.ts';
import { labelText, MetricsRegistry } from '../../metrics/registry.ts';
import type { AppOptions } from '../../state.ts';
import { VERSION } from '../../version.ts';
import { clientAddresses } from './address.ts';
import { memoryWarning } from './memory.ts';
import { parseServeArgs, type ResolvedOptions, resolveOptions, SERVE_HELP, type ServeOptions } from './options.ts';

/** What an entry adds to make a server on processes. */
export interface EntryOptions extends ServeOptions {
  /** Takes log entries; one JSON line each on standard error by default. */
  readonly log?: (entry: LogEntry) => void;
  /** How a worker is started, for tests. */
  readonly command?: WorkerCommand;
}

/** A running server, of any runtime. */
export interface RunningServer {
  readonly url: string;
  readonly app: VoiceFlowApp;
  readonly pool: PoolEngine;
  /** Stops listening, answers everything that was accepted, ends the workers. The same promise when called again. */
  close(): Promise<void>;
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

/** How this runtime runs a file in a process of its own. */
export function workerCommand({ model, backend }: Pick<ResolvedOptions, 'model' | 'backend'>): WorkerCommand {
  const file = fileURLToPath(new URL('./worker.js', import.meta.url));
  const args = 'Deno' in globalThis ? ['run', '--allow-all', file] : [...WORKER_FLAGS, file];
  return { command: process.execPath, args, env: { VOICEFLOW_MODEL: model, VOICEFLOW_BACKEND: backend } };
}

function registerProcessMetrics(metrics: MetricsRegistry, pool: PoolEngine): void {
  metrics.gauge(
    'process_resident_memory_bytes',
    'Memory of the server without its workers.',
    () => process.memoryUsage().rss,
  );
  metrics.counterOf('voiceflow_worker_restarts_total', 'Workers replaced.', () => pool.restarts);
  if (typeof monitorEventLoopDelay !== 'function' || 'Deno' in globalThis) return;
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  metrics.gauge('voiceflow_event_loop_lag_seconds', 'Delay of the event loop since it was last asked for.', () => {
    const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION_MS) / 1000;
    const values = new Map([
      [labelText({ quantile: '0.5' }), lag(delay.percentile(50))],
      [labelText({ quantile: '0.99' }), lag(delay.percentile(99))],
      [labelText({ quantile: '1' }), lag(delay.max)],
    ]);
    delay.reset();
    return values;
  });
}

/** The timer whose lateness is measured; its own period is part of what Node reports. */
const LAG_RESOLUTION_MS = 10;

/** Lines that wait to be written together: a system call for each would cost as much as the rest of a small request. */
let lines = '';
const LOG_FLUSH_MS = 100;
const LOG_FLUSH_LENGTH = 16_384;

export function logLine(entry: LogEntry): void {
  if (lines === '') setTimeout(flushLog, LOG_FLUSH_MS).unref();
  lines += `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`;
  if (lines.length > LOG_FLUSH_LENGTH || entry.level === 'error') flushLog();
}

export function flushLog(): void {
  if (lines !== '') process.stderr.write(lines);
  lines = '';
}

/**
 * The program: options from the command line, drain on the first SIGTERM or SIGINT, leave at once on the second.
 * Resolves with the exit code when it is over; workers have ended by then, so the process may exit at once.
 */
export async function runServe(
  start: (options: EntryOptions) => Promise<RunningServer>,
  args: readonly string[],
): Promise<number> {
  process.once('exit', flushLog);
  // Whoever reads the log may leave; the server must not go with it.
  process.stderr.on('error', () => {});
  try {
    const { help, nice, ...options } = parseServeArgs(args, process.env);
    if (help) {
      process.stdout.write(SERVE_HELP);
      return 0;
    }
    const server = await start(options);
    yieldToWorkers(nice);
    process.stderr.write(`VoiceFlow listens on ${server.url}\n`);
    await signalled();
    await server.close();
    return 0;
  } catch (error) {
    const hint = VoiceFlowError.isInstance(error) && error.hint !== undefined ? ` (${error.hint})` : '';
    process.stderr.write(`voiceflow: ${error instanceof Error ? error.message : String(error)}${hint}\n`);
    return VoiceFlowError.isInstance(error) && error.code === 'invalid-option' ? 2 : 1;
  }
}

/** One order to stop may come twice: from a terminal's group and from the program in front. */
const SAME_ORDER_MS = 1000;

export function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = () => {
      first ??= performance.now();
      if (performance.now() - first > SAME_ORDER_MS) process.exit(130);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
