import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** Allows pages of these origins (or of all, `*`) to call the server and read its responses. */
export function corsFor(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: [
      'authorization',
      'content-type',
      'x-deadline-ms',
      'x-request-id',
      'idempotency-key',
      'inference-header-content-length',
    ],
    exposeHeaders: ['x-request-id', 'server-timing', 'retry-after', 'location', 'inference-header-content-length'],
    maxAge: 600,
  });
}
