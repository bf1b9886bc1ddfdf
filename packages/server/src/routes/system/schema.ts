import * as v from 'valibot';
import type { RouteSpec } from '../describe.ts';

const route = <const S extends object>(summary: string, answers: S, key = false) =>
  ({ summary, tag: 'System', key, answers }) as const;
const one = <const C extends object>(content: C) => ({ 200: { description: 'OK', content } }) as const;

const ReadySchema = v.object({ status: v.picklist(['ready', 'starting', 'draining']) });

export const HEALTHZ = route(
  'Liveness',
  one({ 'application/json': v.object({ status: v.literal('ok') }) }),
) satisfies RouteSpec;

export const READYZ = route('Readiness', {
  200: { description: 'The server accepts requests.', content: { 'application/json': ReadySchema } },
  503: { description: 'The server is starting or draining.', content: { 'application/json': ReadySchema } },
}) satisfies RouteSpec;

export const METRICS = route('Prometheus metrics', one({ 'text/plain': 'text' }), true) satisfies RouteSpec;
export const OPENAPI = route(
  'This description',
  one({ 'application/json': v.looseObject({ openapi: v.string() }) }),
) satisfies RouteSpec;
export const DOCS = route('This description as a page', one({ 'text/html': 'text' })) satisfies RouteSpec;
export const DEMO = route('The demo page', one({ 'text/html': 'text' })) satisfies RouteSpec;
