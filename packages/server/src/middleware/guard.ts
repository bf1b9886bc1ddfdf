import type { AppContext } from '../http/context.ts';
import type { AppState } from '../state.ts';

/**
 * Checks keys and quotas before anything is read.
 * @throws `unauthorized`, `quota-exceeded`.
 */
export function guard({ keys, quota, options }: AppState) {
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    // Browsers cannot set headers on a WebSocket, so for this route only the key may be in the query, as in RFC 6750.
    const token = c.req.path === '/v1/stream' ? c.req.query('access_token') : undefined;
    const authorization = c.req.header('authorization') ?? (token === undefined ? undefined : `Bearer ${token}`);
    const client = await keys.check(authorization);
    const caller = client ?? options.clientAddress?.(c) ?? 'unknown';
    c.set('client', client);
    c.set('caller', caller);
    quota.take(caller);
    await next();
  };
}
