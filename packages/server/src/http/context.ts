import type { Context } from 'hono';

/** What is recorded of an active request. Read it with `c.get`: `c.var` creates an object at each use. */
export interface AppEnv {
  Variables: {
    /** The client's request ID if it is valid, otherwise a generated one. */
    requestId: string;
    /** When the header was received, in monotonic milliseconds. */
    startedAt: number;
    /** The name of the API key, once it was checked. */
    client: string | undefined;
    /** The client for quotas and shares: the name of its API key, or its address without keys. */
    caller: string | undefined;
    /** The code of the problem in the response, if any. */
    code: string | undefined;
  };
}

export type AppContext = Context<AppEnv>;
