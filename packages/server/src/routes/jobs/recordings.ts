import type { Job, JobResult, Recording, RecordingContext, Recordings } from '@voiceflow-ml/jobs';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { secondsOf } from '../../admission/cost.ts';
import type { Engine, Task, TaskReply } from '../../engine/engine.ts';
import type { AppState } from '../../state.ts';

/**
 * Share of the drain time in which jobs may finish. Longer jobs are requeued; the rest of the time is for updating the
 * database.
 */
export const JOBS_DRAIN_SHARE = 0.8;

type Run = (task: Task, recording: Recording, context: RecordingContext) => Promise<TaskReply>;

/** Processes recordings on an engine's workers, which open the files themselves. */
export function recordingsOf(
  engine: Engine,
  maxSeconds: number,
  free: (taken: number) => number,
  run: Run = (task, _, context) => engine.run(task, [], { ...context, attempts: 1 }),
): Recordings {
  const taskOf = (kind: Task['kind'], { path }: Recording, params: Job['options']): Task => {
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

const TRY_AGAIN = 'Try again after Retry-After seconds.';

/** Processes recordings of jobs through the server's own queue; requests with a waiting client have priority. */
export function queuedRecordings(state: AppState): Recordings {
  const { engine, limits, metrics } = state;
  const queue = state.queues.recording;
  /** How many of the queue's running requests are jobs. */
  let ours = 0;
  const free = (taken: number) =>
    queue.waiting > 0 ? 0 : (engine.info?.slots.recording ?? 0) - (queue.running - ours) - taken;
  return recordingsOf(engine, limits.audioSeconds, free, async (task, { bytes }, { signal, onProgress }) => {
    // A client waits for the embedding of a voice, as in /v1/embed; nobody waits for a job.
    const workMs = task.kind === 'embed' ? limits.workMs : undefined;
    const ticket = { cost: secondsOf([], bytes), deadlineMs: limits.deadlineMs, renewable: true, workMs, signal };
    let isStarted = false;
    try {
      const reply = await queue.run(ticket, (stop, _, step) => {
        isStarted = true;
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
      // The server was busy, which is no failure of the job.
      if (VoiceFlowError.isInstance(error) && error.code === 'deadline-exceeded' && !isStarted)
        throw new VoiceFlowError('overloaded', error.message, { hint: TRY_AGAIN, retryAfter: 1, cause: error });
      // The job's signal does not fire when the server's engine is closed.
      if (VoiceFlowError.isInstance(error) && error.code === 'aborted' && !signal.aborted)
        throw new VoiceFlowError('closed', 'the server shut down', { cause: error });
      throw error;
    }
  });
}
