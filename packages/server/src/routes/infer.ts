import { answer, type Question } from '../app/answer.ts';
import type { Job, JobOutput } from '../app/engine.ts';
import type { Answer, Exchange } from '../app/exchange.ts';
import type { AppState } from '../app/state.ts';

/** `POST /v1/infer`: one window through the network. */
export function infer(x: Exchange, state: AppState): Promise<Answer> {
  const output = (x.header('accept') ?? '').includes('application/octet-stream') ? 'binary' : 'json';
  return answer(x, state, windowQuestion(x, state, 'infer', output));
}

/** A question of milliseconds, about windows. */
export function windowQuestion(
  x: Exchange,
  state: AppState,
  kind: Job['kind'],
  output: JobOutput,
  headerLength?: number,
): Question {
  return {
    job: {
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
