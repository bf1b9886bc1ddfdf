import process from 'node:process';
import type { JobsOptions } from '@voiceflow-ml/jobs';
import { jobsOptions } from '@voiceflow-ml/jobs/options';
import { invalidOption } from 'voiceflow-ml/core';
import { listOptions, onlyOptions, text } from '../../args/index.ts';
import { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { LogEntry } from '../../http/log.ts';
import { type Limits, resolveLimits } from '../../limits.ts';
import { JOBS_DRAIN_SHARE, recordingsOf } from '../../routes/jobs/recordings.ts';
import { logLine } from './log-lines.ts';
import { WORK_OPTIONS } from './options.ts';
import { runProgram, untilStopSignal } from './program.ts';
import { workerCommand } from './worker-command.ts';

/** Options of a worker that processes the jobs of a database and serves no requests. */
export interface WorkOptions {
  readonly jobs: JobsOptions;
  /** Concurrent recordings, each in its own process; default 1. */
  readonly workers?: number | undefined;
  readonly model?: string | undefined;
  readonly limits?: Partial<Limits>;
  readonly log?: (entry: LogEntry) => void;
  /** The command that starts a worker process, for tests. */
  readonly command?: WorkerCommand | undefined;
}

export interface RunningWorker {
  readonly pool: PoolEngine;
  /** Claims no more jobs, finishes those that end within the drain time and requeues the others. */
  close(): Promise<void>;
}

const OPTIONS = {
  ...WORK_OPTIONS,
  data: { ...WORK_OPTIONS.data, help: 'folder of the audio, shared by all servers and workers' },
  s3: { ...text('BUCKET', 'S3 bucket of the audio'), env: 'VOICEFLOW_S3_BUCKET' },
};

const WORK_HELP = `Options
${listOptions(OPTIONS).join('\n')}

VOICEFLOW_DRAIN_MS is the time that a stopped worker has to finish its jobs or return them to the
queue (default 35000). Bucket: VOICEFLOW_S3_*, … (README of @voiceflow-ml/jobs).
`;

/** Starts to process jobs. @throws `invalid-option`, `backend-unavailable`, `model-not-found`. */
export async function startWork(options: WorkOptions): Promise<RunningWorker> {
  const {
    jobs,
    workers = 1,
    model = 'standard',
    log = logLine,
    command = workerCommand({ model, backend: 'auto' }),
  } = options;
  if (jobs.databaseUrl === undefined) {
    throw invalidOption(
      'a worker needs the URL of a PostgreSQL server',
      'Use --database postgres://…; a server with only --data DIR processes its jobs itself.',
    );
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
    const working = startWorking(open, recordings, { log });
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

/** The program: reads options from the command line, ends on SIGTERM and SIGINT. Resolves with the exit code. */
export function runWork(args: readonly string[], command?: WorkerCommand): Promise<number> {
  return runProgram(args, WORK_HELP, async () => {
    const { data, database, s3, workers, model } = onlyOptions(args, OPTIONS, process.env);
    const jobs = jobsOptions({ ...process.env, VOICEFLOW_S3_BUCKET: s3 }, { data, database });
    if (jobs === undefined) throw invalidOption('a worker needs --database', 'See --help.');
    const stopped = untilStopSignal();
    const worker = await startWork({ jobs, workers, model, command });
    process.stderr.write('VoiceFlow works on jobs\n');
    await stopped;
    await worker.close();
  });
}
