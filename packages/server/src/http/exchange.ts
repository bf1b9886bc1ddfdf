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

/** An exchange for a Hono request, on any runtime. */
export class HonoExchange implements Exchange {
  readonly startedAt = performance.now();
  readonly requestId: string;
  readonly #c: Context;
  readonly #runtime: RuntimeOfContext;
  #address: string | undefined;
  readonly read: ReadBody;
  client: string | undefined;
  code: string | undefined;

  constructor(c: Context, pump: BodyPump, runtime: RuntimeOfContext) {
    this.#c = c;
    this.#runtime = runtime;
    this.requestId = requestIdOf(c.req.header('x-request-id'));
    this.read = (onChunk, signal) => pump(c, onChunk, signal);
  }

  get method(): string {
    return this.#c.req.method;
  }

  get path(): string {
    return this.#c.req.path;
  }

  get signal(): AbortSignal {
    return this.#c.req.raw.signal;
  }

  header(name: string): string | undefined {
    return this.#c.req.header(name);
  }

  address(): string | undefined {
    this.#address ??= this.#runtime.clientAddress?.(this.#c);
    return this.#address;
  }

  whenSent(then: () => void): void {
    if (this.#runtime.whenSent?.(this.#c, then) === undefined) then();
  }
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
