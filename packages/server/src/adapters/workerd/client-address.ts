import { prefix64, unmapped } from '../common/prefix64.ts';

/** What the runtime itself adds to a request; no client can set it. */
interface FromRuntime {
  readonly cf?: {
    /** Address and port of the connection, from workerd on its own. */
    readonly clientIp?: unknown;
    /** Cloudflare's data center. */
    readonly colo?: unknown;
  };
}

/**
 * The address of a client, as on the other runtimes (IPv6: its /64 network). Cloudflare gives it in a header, which a
 * client of workerd on its own can set.
 */
export function clientAddress(request: Request & FromRuntime): string | undefined {
  const { clientIp, colo } = request.cf ?? {};
  const header = colo === undefined ? null : request.headers.get('cf-connecting-ip');
  const given = typeof clientIp === 'string' ? clientIp.replace(/^\[?(.+?)\]?:\d+$/, '$1') : (header ?? '');
  // So workerd names IPv4 clients where it listens on all addresses.
  const address = unmapped(given);
  if (!address.includes(':')) return address || undefined;
  return URL.canParse(`http://[${address}]/`) ? prefix64(address) : undefined;
}
