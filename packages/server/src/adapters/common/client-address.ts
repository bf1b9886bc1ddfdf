import { BlockList, isIP } from 'node:net';
import { invalidOption } from 'voiceflow-ml/core';
import { prefix64, unmapped } from './prefix64.ts';

/** @module The address of a client that may be behind proxies. */

/** Most addresses in a header that are examined, because a client may add any number before the proxies do. */
const MAX_HOPS = 32;

/**
 * Makes a function that determines the address of a client from that of its connection and from `X-Forwarded-For`: the
 * last address that is not a trusted proxy; all before it may be forged. IPv6 addresses are reduced to their /64
 * network, which is what one subscriber gets.
 * @param proxies Addresses and CIDR ranges. @throws `invalid-option`.
 */
export function clientAddresses(proxies: readonly string[]) {
  const trusted = new BlockList();
  for (const proxy of proxies) addTo(trusted, proxy);
  const isTrusted = (address: string) =>
    proxies.length > 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (connection: string | undefined, forwardedFor: string | undefined): string | undefined => {
    let address = plain(connection);
    if (address === undefined) return undefined;
    const hops = (forwardedFor ?? '').slice(-2_000).split(',').slice(-MAX_HOPS);
    while (hops.length > 0 && isTrusted(address)) {
      const before = plain(hops.pop()?.trim());
      if (before === undefined) break;
      address = before;
    }
    return isIP(address) === 6 ? prefix64(address) : address;
  };
}

function addTo(list: BlockList, proxy: string): void {
  const [address = '', bits, ...more] = proxy.split('/');
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : most + 1;
  if (version === 0 || prefix > most || more.length > 0) {
    throw invalidOption(
      `the trusted proxy "${proxy.slice(0, 60)}" is not an IP address or CIDR range`,
      'For example: VOICEFLOW_TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8',
    );
  }
  list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
}

/** An address without a zone, and IPv4-mapped IPv6 as IPv4; undefined for text that is not an address. */
function plain(address: string | undefined): string | undefined {
  const bare = address && unmapped(address).replace(/%.*$/, '');
  return bare !== undefined && isIP(bare) !== 0 ? bare : undefined;
}
