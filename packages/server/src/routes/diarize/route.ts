import { invalidOption } from 'voiceflow-ml/core';
import type { TaskOutput } from '../../engine/engine.ts';
import type { AppContext } from '../../http/context.ts';
import type { AppState } from '../../state.ts';
import { accept, runTask } from '../run-task.ts';
import { taskOf } from '../task.ts';
import { diarizeEvents } from './event-stream.ts';

/** `POST /v1/diarize`: diarizes a recording. */
export async function diarize(c: AppContext, state: AppState): Promise<Response> {
  const accepts = c.req.header('accept') ?? '';
  const task = taskOf(c, state, 'diarize', diarizeOutput(accepts, c.req.query('format')));
  if (!accepts.includes('text/event-stream')) return runTask(c, state, task);
  const accepted = await accept(c, state, task);
  try {
    state.queues.recording.assertAdmits({ cost: accepted.cost, ...accepted.deadline });
  } catch (error) {
    accepted.body.release();
    throw error;
  }
  return diarizeEvents(c, state, task, accepted);
}

/** The format of the result: by `format` in the query, which is easy to use in a link or with curl, or by `Accept`. */
export function diarizeOutput(accepts: string, format: string | undefined): Exclude<TaskOutput, 'binary'> {
  if (format !== undefined) {
    if (format === 'json' || format === 'rttm' || format === 'srt' || format === 'vtt') return format;
    throw invalidOption(`format is "${format.slice(0, 20)}", expected json, rttm, srt or vtt`);
  }
  if (/text\/plain\b[^,]*format="?rttm/i.test(accepts)) return 'rttm';
  if (accepts.includes('application/x-subrip')) return 'srt';
  if (accepts.includes('text/vtt')) return 'vtt';
  return 'json';
}
