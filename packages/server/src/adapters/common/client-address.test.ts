import { describe, expect, it } from 'vitest';
import { clientAddresses } from './client-address.ts';

describe('the client address', () => {
  it('is that of the connection without trusted proxies, whatever the header contains', () => {
    const address = clientAddresses([]);
    expect(address('10.0.0.1', '1.2.3.4')).toBe('10.0.0.1');
    expect(address('::ffff:10.0.0.1', undefined)).toBe('10.0.0.1');
    expect(address(undefined, '1.2.3.4')).toBeUndefined();
  });

  it('is the last address that is not a trusted proxy', () => {
    const address = clientAddresses(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    expect(address('127.0.0.1', '6.6.6.6, 1.2.3.4')).toBe('1.2.3.4');
    expect(address('::ffff:127.0.0.1', '6.6.6.6, 1.2.3.4, 10.1.2.3')).toBe('1.2.3.4');
    expect(address('fd00::1', '1.2.3.4')).toBe('1.2.3.4');
    expect(address('9.9.9.9', '1.2.3.4')).toBe('9.9.9.9');
    expect(address('127.0.0.1', undefined)).toBe('127.0.0.1');
    expect(address('127.0.0.1', 'unknown')).toBe('127.0.0.1');
    expect(address('127.0.0.1', `${'10.0.0.1, '.repeat(100_000)}10.0.0.1`)).toBe('10.0.0.1');
  });

  it('is the /64 prefix for IPv6', () => {
    const address = clientAddresses([]);
    expect(address('2001:db8:1:2:3:4:5:6', undefined)).toBe('2001:db8:1:2::/64');
    expect(address('2001:db8:1:2:ffff::1', undefined)).toBe('2001:db8:1:2::/64');
    expect(address('2001:db8::1', undefined)).toBe('2001:db8:0:0::/64');
    expect(address('::1', undefined)).toBe('0:0:0:0::/64');
    expect(address('fe80::1%eth0', undefined)).toBe('fe80:0:0:0::/64');
  });

  it('rejects invalid proxies', () => {
    for (const proxy of ['x', '10.0.0.0/33', '10.0.0.0/x', '::/129', '10.0.0.0/8/8/'])
      expect(() => clientAddresses([proxy]), proxy).toThrow(/is not an IP address or CIDR range/);
  });
});
