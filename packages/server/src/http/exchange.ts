import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { BodyPump, ReadBody } from './body.ts';

/** One request under way, whatever carries it: a context of Hono's, or a runtime's own objects. */
export interface Exchange {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The client's own where it is one, otherwise ours. */
  readonly requestId: string;
  /** Milliseconds, monotonic: when the header had come. */
  readonly begun: number;
  /** Fires when the client left. */
  readonly signal: AbortSignal;
  readonly read: ReadBody;
  /** The name of the API key, once it is known. */
  client: string | undefined;
  /** The code of the problem that is answered. */
  code: string | undefined;
  /** @param name In lower case. */
  header(name: string): string | undefined;
  /** The client's address, where the runtime tells. */
  address(): string | undefined;
  /** Calls back once, when the answer has left or its client has; at once where the runtime does not tell. */
  whenSent(then: () => void): void;
}

/** What is sent: all of it, at once. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/** Who asks, for quotas and shares: the name of the key, or the address where there are no keys. */
export function clientOf(x: Exchange): string {
  return x.client ?? x.address() ?? 'unknown';
}

/** The id that the client gave, if it is fit for logs and headers, or a new one. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : crypto.randomUUID();
}

/** What only the runtime knows of a request that Hono carries. */
export interface RuntimeOfContext {
  readonly clientAddress?: ((c: Context) => string | undefined) | undefined;
  /** Calls back when the answer has left or its client has; undefined where it cannot. */
  readonly whenSent?: ((c: Context, then: () => void) => unknown) | undefined;
}

/** A request that Hono carries, on any runtime. */
export class HonoExchange implements Exchange {
  readonly begun = performance.now();
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

/** What the routes find in their context. */
export interface AppEnv {
  Variables: {
    exchange: Exchange;
  };
}

export type AppContext = Context<AppEnv>;

/** The answer as Hono sends it, with what its middleware adds. */
export function respond(c: Context, { status, headers, body }: Answer): Response {
  return c.body(body, status as ContentfulStatusCode, { ...headers });
}
