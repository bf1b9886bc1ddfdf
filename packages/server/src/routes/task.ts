import type { Context } from 'hono';
import { invalidOption } from 'voiceflow-ml/core';
import type { Task, TaskOutput } from '../engine/engine.ts';
import type { AppContext } from '../http/context.ts';
import type { AppState } from '../state.ts';
import { runTask } from './run-task.ts';

/** The task of a request. The routes for windows have no options. */
export function taskOf(c: AppContext, { limits }: AppState, kind: Task['kind'], output: TaskOutput): Task {
  return {
    kind,
    contentType: c.req.header('content-type') ?? '',
    output,
    params: kind === 'diarize' || kind === 'embed' ? queryOf(c) : {},
    maxSeconds: limits.audioSeconds,
  };
}

/** The handler of `POST /v1/embed` or `/v1/infer`: responds with JSON, or with bytes to a client that accepts them. */
export function respondTo(kind: 'embed' | 'infer') {
  return async (c: AppContext, state: AppState): Promise<Response> => {
    const binary = (c.req.header('accept') ?? '').includes('application/octet-stream');
    return runTask(c, state, taskOf(c, state, kind, binary ? 'binary' : 'json'));
  };
}

/** @throws `invalid-option` for an option that is given twice. */
export function queryOf(c: Context): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [value] = values;
    if (value === undefined || values.length > 1) {
      throw invalidOption(`the option "${name.slice(0, 60)}" appears ${values.length} times`);
    }
    params[name] = value;
  }
  return params;
}
