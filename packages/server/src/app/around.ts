import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Answer, clientOf, type Exchange } from './exchange.ts';
import { problemAnswer, toProblem } from './problem.ts';
import { wrongSite } from './site.ts';
import type { AppState } from './state.ts';

/** @module What surrounds every handler, whatever carries the request: keys and quotas, problems, metrics and the log. */

/**
 * Keys and quotas, before anything is read.
 * @throws `unauthorized`, `quota-exceeded`.
 */
export async function admit(x: Exchange, state: AppState, authorization = x.header('authorization')): Promise<void> {
  if (state.keys.enabled) x.client = await state.keys.check(authorization);
  if (state.quota.enabled) state.quota.take(clientOf(x));
}

/** The problem to answer for what a handler threw. */
export function refuse(x: Exchange, state: AppState, error: unknown): Answer {
  const body = toProblem(error, x.requestId);
  x.code = body.code;
  state.metrics.refusals.add(1, { code: body.code });
  if (body.code === 'internal') {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    state.log({ level: 'error', message: 'defect', requestId: x.requestId, error: text });
  }
  return problemAnswer(body, VoiceFlowError.isInstance(error) ? error.retryAfter : undefined);
}

/** Counts and logs a request that is answered. @param streaming Its outcome comes later, and is counted then. */
export function record(x: Exchange, state: AppState, status: number, streaming = false): void {
  const ms = performance.now() - x.begun;
  const { code, client, method, path } = x;
  const route = routeName(path);
  state.metrics.requestSeconds.observe(ms / 1000, { route });
  if (!streaming && status !== 101)
    state.metrics.requests.add(1, { route, outcome: code ?? (status < 400 ? 'ok' : String(status)) });
  state.log({
    level: status >= 500 && status !== 503 ? 'error' : 'info',
    message: 'request',
    requestId: x.requestId,
    method,
    path: path.slice(0, 200),
    status,
    ms: Math.round(ms * 100) / 100,
    ...(code === undefined ? {} : { code }),
    ...(client === undefined ? {} : { client }),
  });
}

/** One request from its header to its answer, without a framework around; never rejects. */
export async function exchange(
  x: Exchange,
  state: AppState,
  handler: (x: Exchange, state: AppState) => Promise<Answer>,
): Promise<Answer> {
  state.active++;
  let answer: Answer;
  try {
    const wrong = wrongSite(x, state);
    if (wrong === undefined) {
      await admit(x, state);
      answer = await handler(x, state);
    } else answer = problemAnswer(wrong);
  } catch (error) {
    answer = refuse(x, state, error);
  } finally {
    state.active--;
  }
  record(x, state, answer.status);
  const connection = state.draining ? { connection: 'close' } : undefined;
  return { ...answer, headers: { ...answer.headers, 'x-request-id': x.requestId, ...connection } };
}

/** A label with few values, whatever is asked for. */
function routeName(path: string): string {
  if (/^\/(v1\/(infer|diarize|embed|stream)|healthz|readyz|metrics|openapi\.json|docs)?$/.test(path)) return path;
  const jobs = /^\/v1\/(jobs(?:\/[^/]+(\/result|\/events)?)?|voices)/.exec(path);
  if (jobs !== null)
    return path.startsWith('/v1/voices')
      ? '/v1/voices'
      : jobs[1] === 'jobs'
        ? '/v1/jobs'
        : `/v1/jobs/:id${jobs[2] ?? ''}`;
  return path.startsWith('/v2') ? (path.endsWith('/infer') ? '/v2/infer' : '/v2') : 'other';
}
