import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';

/** Interval of comments that keep proxies from closing a silent stream. */
export const KEEP_ALIVE_MS = 15_000;

/** A response of server-sent events, which no proxy keeps or collects. */
export function eventStream(c: Context, send: (stream: SSEStreamingApi) => Promise<void>): Response {
  const response = streamSSE(c, send);
  // Hono sets no-cache, which allows a cache to keep the events.
  response.headers.set('cache-control', 'no-store');
  response.headers.set('x-accel-buffering', 'no');
  // It also sets these, which are for the runtime to choose: the client may want to close, or speak HTTP/1.0.
  response.headers.delete('connection');
  response.headers.delete('transfer-encoding');
  return response;
}
