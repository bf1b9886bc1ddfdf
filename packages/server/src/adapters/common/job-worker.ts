import { hostname } from 'node:os';
import process from 'node:process';
import type { JobsOptions } from '@voiceflow-ml/jobs';
import { jobsOptions } from '@voiceflow-ml/jobs/options';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { LogEntry } from '../../http/log.ts';
import { type Limits, resolveLimits } from '../../limits.ts';
import { JOBS_DRAIN_SHARE, recordingsOf } from '../../routes/jobs/host.ts';
import { logLine } from './log-lines.ts';
import { type Environment, parseOptions, whole } from './options.ts';
import { runProgram, untilStopSignal } from './program.ts';
import { workerCommand } from './worker-command.ts';

/** How to work on jobs of a database, without serving. */
export interface WorkOptions {
  readonly jobs: JobsOptions;
  /** Recordings at once, each in a process of its own; 1 by default. */
  readonly workers?: number;
  readonly model?: string | undefined;
  readonly limits?: Partial<Limits>;
  readonly log?: (entry: LogEntry) => void;
  /** How a worker process is started, for tests. */
  readonly command?: WorkerCommand | undefined;
}

export interface RunningWorker {
  readonly pool: PoolEngine;
  /** Takes no more jobs; finishes those that end within the time to drain, gives back the others. */
  close(): Promise<void>;
}

const WORK_HELP = `Usage: voiceflow worker [options]

  --database URL   postgres://… with the jobs             VOICEFLOW_DATABASE_URL
  --data DIR       folder with the audio, shared by all   VOICEFLOW_DATA
  --s3 BUCKET      bucket with the audio                  VOICEFLOW_S3_BUCKET
  --workers N      recordings at once (1)                 VOICEFLOW_WORKERS
  --model NAME     standard, fast-cnn, accurate (pulled)  VOICEFLOW_MODEL
  --help

Runs on any number of machines. SIGTERM: finishes its jobs, or gives them back after VOICEFLOW_DRAIN_MS.
`;

/** Starts to take jobs. @throws `invalid-option`, `backend-unavailable`, `model-not-found`. */
export async function startWork(options: WorkOptions): Promise<RunningWorker> {
  const {
    jobs,
    workers = 1,
    model = 'standard',
    log = logLine,
    command = workerCommand({ model, backend: 'auto' }),
  } = options;
  if (jobs.databaseUrl === undefined) {
    throw new VoiceFlowError('invalid-option', 'a worker needs the URL of a PostgreSQL server', {
      hint: 'Give --database postgres://…; a server with --data DIR does its jobs itself.',
    });
  }
  const limits = resolveLimits(options.limits, process.env);
  const { openJobs, startWorking } = await import('@voiceflow-ml/jobs');
  const pool = await PoolEngine.start({
    workers,
    command,
    onWorkerEnd: (error) => log({ level: 'warn', message: 'worker ended', error: String(error) }),
  });
  try {
    const open = await openJobs(jobs);
    const free = (taken: number) => (pool.info?.slots.recording ?? 0) - taken;
    const recordings = recordingsOf(pool, limits.audioSeconds, free);
    const working = startWorking(open, recordings, { log, name: `${hostname()}:${process.pid}` });
    return {
      pool,
      async close() {
        await working.stop(limits.drainMs * JOBS_DRAIN_SHARE);
        await open.db.close();
        await pool.close();
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

const OPTIONS = {
  database: { type: 'string' },
  data: { type: 'string' },
  s3: { type: 'string' },
  workers: { type: 'string' },
  model: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The program: options from the command line, ends on SIGTERM and SIGINT. Resolves with the exit code. */
export function runWork(args: readonly string[], command?: WorkerCommand): Promise<number> {
  return runProgram(async () => {
    const values = parseOptions(args, OPTIONS);
    if (values.help) {
      process.stdout.write(WORK_HELP);
      return;
    }
    const env: Environment = values.s3 === undefined ? process.env : { ...process.env, VOICEFLOW_S3_BUCKET: values.s3 };
    const jobs = jobsOptions(env, { data: values.data, database: values.database });
    if (jobs === undefined)
      throw new VoiceFlowError('invalid-option', 'a worker needs --database', { hint: 'Try --help.' });
    const workers = whole('workers', Number(values.workers ?? process.env.VOICEFLOW_WORKERS ?? 1), 1, 256);
    const model = values.model ?? process.env.VOICEFLOW_MODEL;
    const worker = await startWork({ jobs, workers, model: model || undefined, command });
    process.stderr.write('VoiceFlow works on jobs\n');
    await untilStopSignal();
    await worker.close();
  });
}
