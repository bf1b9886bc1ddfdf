import { type AppContext, clientOf, type Exchange } from '../http/exchange.ts';
import type { KeyRing } from './auth.ts';
import type { Quota } from './quota.ts';

/** The checks of keys and quotas. */
export interface Guards {
  readonly keys: KeyRing;
  readonly quota: Quota;
}

/**
 * Checks keys and quotas before anything is read.
 * @throws `unauthorized`, `quota-exceeded`.
 */
async function admit(x: Exchange, { keys, quota }: Guards, authorization = x.header('authorization')): Promise<void> {
  if (keys.enabled) x.client = await keys.check(authorization);
  if (quota.enabled) quota.take(clientOf(x));
}

export function guard(guards: Guards) {
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    // Browsers cannot set headers on a WebSocket, so for this route only the key may be in the query, as in RFC 6750.
    const token = c.req.path === '/v1/stream' ? c.req.query('access_token') : undefined;
    const x = c.get('exchange');
    await admit(x, guards, x.header('authorization') ?? (token === undefined ? undefined : `Bearer ${token}`));
    await next();
  };
}
