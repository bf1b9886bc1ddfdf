import type { Context } from 'hono';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { TaskOutput } from '../engine/engine.ts';
import type { AppContext } from '../http/exchange.ts';
import type { AppState } from '../state.ts';
import type { TaskRequest } from './run-task.ts';

/** The `Question` of a request with a recording and its options. */
export function recordingRequest(
  c: AppContext,
  state: AppState,
  kind: 'diarize' | 'embed',
  output: TaskOutput,
): TaskRequest {
  return {
    task: {
      kind,
      contentType: c.req.header('content-type') ?? '',
      output,
      params: queryOf(c),
      maxSeconds: state.limits.audioSeconds,
    },
    lane: 'recording',
    maxBytes: state.limits.bodyBytes,
    deadlineMs: state.limits.deadlineMs,
  };
}

/** @throws `invalid-option` for an option that is given twice. */
export function queryOf(c: Context): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [value] = values;
    if (value === undefined || values.length > 1) {
      throw new VoiceFlowError('invalid-option', `the option "${name.slice(0, 60)}" appears ${values.length} times`);
    }
    params[name] = value;
  }
  return params;
}
