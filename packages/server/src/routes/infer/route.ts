import type { Task, TaskOutput } from '../../engine/engine.ts';
import { type AppContext, type Exchange, respond } from '../../http/exchange.ts';
import type { AppState } from '../../state.ts';
import { runTask, type TaskRequest } from '../run-task.ts';

/** `POST /v1/infer`: runs the network on one window. */
export async function infer(c: AppContext, state: AppState): Promise<Response> {
  const x = c.get('exchange');
  const output = (x.header('accept') ?? '').includes('application/octet-stream') ? 'binary' : 'json';
  return respond(c, await runTask(x, state, windowRequest(x, state, 'infer', output)));
}

/** The `Question` of a request for windows, which takes milliseconds. */
export function windowRequest(
  x: Exchange,
  state: AppState,
  kind: Task['kind'],
  output: TaskOutput,
  headerLength?: number,
): TaskRequest {
  return {
    task: {
      kind,
      contentType: x.header('content-type') ?? '',
      output,
      params: {},
      maxSeconds: state.limits.audioSeconds,
      headerLength,
    },
    lane: 'infer',
    maxBytes: state.limits.inferBodyBytes,
    deadlineMs: state.limits.inferDeadlineMs,
  };
}
