import type { AppContext } from '../../http/context.ts';
import type { AppState } from '../../state.ts';

/** `GET /healthz`: whether the process responds. */
export function healthz(c: AppContext): Response {
  return c.json({ status: 'ok' });
}

/** `GET /readyz`: whether the server accepts work. Not ready while starting and while draining. */
export function readyz(c: AppContext, state: AppState): Response {
  const status = state.draining ? 'draining' : state.engine.ready ? 'ready' : 'starting';
  return c.json({ status }, status === 'ready' ? 200 : 503);
}

/** `GET /metrics`, for Prometheus. */
export function metrics(c: AppContext, state: AppState): Response {
  return c.body(state.registry.render(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
}
