import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { BodyPump, ReadBody } from './body.ts';

/** One active request, independent of what represents it: a Hono context, or a runtime's own objects. */
export interface Exchange {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  /** The client's request ID if it is valid, otherwise a generated one. */
  readonly requestId: string;
  /** When the header was received, in monotonic milliseconds. */
  readonly startedAt: number;
  /** Fires when the client disconnected. */
  readonly signal: AbortSignal;
  readonly read: ReadBody;
  /** The name of the API key, once it was checked. */
  client: string | undefined;
  /** The code of the problem in the response, if any. */
  code: string | undefined;
  /** @param name In lower case. */
  header(name: string): string | undefined;
  /** The client's address, if the runtime provides it. */
  address(): string | undefined;
  /** Calls back once, when the response was sent or the client disconnected; at once if the runtime cannot tell. */
  whenSent(then: () => void): void;
}

/** A complete response. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/** The client for quotas and shares: the name of its API key, or its address without keys. */
export function clientOf(x: Exchange): string {
  return x.client ?? x.address() ?? 'unknown';
}

/** The client's ID if it is safe for logs and headers, or a new one. */
function requestIdOf(header: string | undefined): string {
  return header !== undefined && /^[\w.:-]{1,64}$/.test(header) ? header : crypto.randomUUID();
}

/** Information about a Hono request that only the runtime has. */
export interface RuntimeOfContext {
  readonly clientAddress?: ((c: Context) => string | undefined) | undefined;
  /** Calls back when the response was sent or the client disconnected; returns undefined if the runtime cannot tell. */
  readonly whenSent?: ((c: Context, then: () => void) => unknown) | undefined;
}

/** The exchange of a Hono request, on any runtime. */
export function exchangeOf(c: Context, pump: BodyPump, runtime: RuntimeOfContext): Exchange {
  let address: string | undefined;
  return {
    method: c.req.method,
    path: c.req.path,
    requestId: requestIdOf(c.req.header('x-request-id')),
    startedAt: performance.now(),
    // Not read before it is needed: on Node this makes the adaptor create the whole web request.
    get signal() {
      return c.req.raw.signal;
    },
    client: undefined,
    code: undefined,
    read: (onChunk, signal) => pump(c, onChunk, signal),
    header: (name) => c.req.header(name),
    address() {
      address ??= runtime.clientAddress?.(c);
      return address;
    },
    whenSent(then) {
      if (runtime.whenSent?.(c, then) === undefined) then();
    },
  };
}

/** The type of the routes' Hono context. */
export interface AppEnv {
  Variables: {
    exchange: Exchange;
  };
}

export type AppContext = Context<AppEnv>;

/** Converts a plain response to a Hono response, which includes the headers of the middleware. */
export function respond(c: Context, { status, headers, body }: PlainResponse): Response {
  return c.body(body, status as ContentfulStatusCode, { ...headers });
}
