import { type AppContext, clientOf } from '../http/exchange.ts';
import type { AppState } from '../state.ts';

/**
 * Checks keys and quotas before anything is read.
 * @throws `unauthorized`, `quota-exceeded`.
 */
export function guard({ keys, quota }: AppState) {
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    // Browsers cannot set headers on a WebSocket, so for this route only the key may be in the query, as in RFC 6750.
    const token = c.req.path === '/v1/stream' ? c.req.query('access_token') : undefined;
    const x = c.var.exchange;
    x.client = await keys.check(x.header('authorization') ?? (token === undefined ? undefined : `Bearer ${token}`));
    quota.take(clientOf(x));
    await next();
  };
}
