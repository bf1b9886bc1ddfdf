import type { JobOptions, JobResult, JobsHost, Recording, RecordingContext, Recordings } from '@voiceflow-ml/jobs';
import type { Context } from 'hono';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { Engine, Task, TaskReply } from '../../engine/engine.ts';
import { diarizeParams, readParams } from '../../engine/runner/params.ts';
import type { AppContext } from '../../http/exchange.ts';
import { toProblem } from '../../http/problem.ts';
import { toError } from '../../http/problem-error.ts';
import type { AppState } from '../../state.ts';
import { costOf } from '../answer.ts';
import { diarizeOutput } from '../diarize/route.ts';
import { queryOf } from '../recording.ts';
import { Submission } from './schema.ts';

/** Of the time to drain, for jobs to end in: one that takes longer is given back, and telling the database takes the rest. */
export const JOBS_DRAIN_SHARE = 0.8;

/** What the routes of jobs get of the server. */
export function jobsHost(state: AppState): JobsHost {
  const { limits, options, registry, log, budget } = state;
  const exchange = (c: Context) => (c as AppContext).var.exchange;
  return {
    recordings: queuedRecordings(state),
    registry,
    log,
    limits,
    budget,
    client: (c) => exchange(c).client ?? '',
    requestId: (c) => exchange(c).requestId,
    body: options.openBody ?? ((c) => c.req.raw.body ?? noBody()),
    checkOptions: (given) => void diarizeParams(given),
    submission: (given) => readParams(Submission, given),
    query: queryOf,
    format(c) {
      const output = diarizeOutput(c.req.header('accept') ?? '', c.req.query('format'));
      return output === 'binary' ? 'json' : output;
    },
    problem: (given, requestId) => toProblem(toError({ ...given }), requestId),
  };
}

async function* noBody(): AsyncGenerator<Uint8Array> {}

/** Runs one task with whatever there is to run it. */
type Run = (task: Task, recording: Recording, context: RecordingContext) => Promise<TaskReply>;

/** Recordings on an engine's workers, which open the files themselves. */
export function recordingsOf(
  engine: Engine,
  maxSeconds: number,
  free: (taken: number) => number,
  run: Run = (task, _, context) => engine.run(task, [], { ...context, attempts: 1 }),
): Recordings {
  const taskOf = (kind: Task['kind'], { path }: Recording, params: JobOptions): Task => {
    const task = { kind, contentType: 'application/octet-stream', output: 'json', params, maxSeconds } as const;
    return { ...task, file: path };
  };
  const json = async (reply: Promise<TaskReply>) => JSON.parse(new TextDecoder().decode((await reply).body));
  return {
    get space() {
      return engine.info?.manifest.space ?? '';
    },
    free,
    onFree: (listener) => engine.onChange(listener),
    diarize: (recording, params, context): Promise<JobResult> =>
      json(run(taskOf('diarize', recording, params), recording, context)),
    embed: (recording, signal): Promise<{ embedding: number[]; space: string }> =>
      json(run(taskOf('embed', recording, {}), recording, { signal, onProgress: () => {} })),
  };
}

/** Through the server's own queue of recordings, behind those that somebody waits for. */
function queuedRecordings(state: AppState): Recordings {
  const { engine, limits, metrics } = state;
  const queue = state.queues.recording;
  /** Of the queue's running ones, those of jobs. */
  let ours = 0;
  const free = (taken: number) =>
    queue.waiting > 0 ? 0 : (engine.info?.slots.recording ?? 0) - (queue.running - ours) - taken;
  return recordingsOf(engine, limits.audioSeconds, free, async (task, { bytes }, { signal, onProgress }) => {
    const ticket = { cost: costOf('recording', [], bytes), deadlineMs: limits.deadlineMs, renewable: true, signal };
    try {
      const reply = await queue.run(ticket, (stop, _, step) => {
        const progressed: RecordingContext['onProgress'] = (progress) => {
          step();
          onProgress(progress);
        };
        ours++;
        return engine.run(task, [], { signal: stop, onProgress: progressed, attempts: 1 }).finally(() => ours--);
      });
      metrics.inferenceSeconds.observe((reply.timings.model ?? 0) / 1000, { lane: 'recording' });
      metrics.audioSeconds.add(reply.audioSeconds, { lane: 'recording' });
      return reply;
    } catch (error) {
      // The job's signal stays silent when the server's engine is closed under it.
      if (VoiceFlowError.isInstance(error) && error.code === 'aborted' && !signal.aborted)
        throw new VoiceFlowError('closed', 'the server ended', { cause: error });
      throw error;
    }
  });
}
