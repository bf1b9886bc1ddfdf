import { answer, type Question } from '../app/answer.ts';
import type { Job, JobOutput } from '../app/engine.ts';
import type { AppContext, AppState } from '../app/state.ts';

/** `POST /v1/infer`: one window through the network. */
export function infer(c: AppContext, state: AppState): Promise<Response> {
  const output = (c.req.header('accept') ?? '').includes('application/octet-stream') ? 'binary' : 'json';
  return answer(c, state, windowQuestion(c, state, 'infer', output));
}

/** A question of milliseconds, about windows. */
export function windowQuestion(
  c: AppContext,
  state: AppState,
  kind: Job['kind'],
  output: JobOutput,
  headerLength?: number,
): Question {
  return {
    job: {
      kind,
      contentType: c.req.header('content-type') ?? '',
      output,
      params: {},
      maxSeconds: state.limits.audioSeconds,
      ...(headerLength === undefined ? {} : { headerLength }),
    },
    lane: 'infer',
    maxBytes: state.limits.inferBodyBytes,
    deadlineMs: state.limits.inferDeadlineMs,
  };
}
