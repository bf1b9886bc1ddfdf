import { expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

const request = (cf: object | undefined, header = '203.0.113.7') =>
  Object.assign(new Request('http://x/', { headers: { 'cf-connecting-ip': header } }), { cf });

it('is that which Cloudflare gives, with the /64 network for IPv6', () => {
  expect(clientAddress(request({ colo: 'FRA' }))).toBe('203.0.113.7');
  expect(clientAddress(request({ colo: 'FRA' }, '2001:db8:1:2:3:4:5:6'))).toBe('2001:db8:1:2::/64');
  expect(clientAddress(request({ colo: 'FRA' }, 'a:b'))).toBeUndefined();
});

it('is that of the connection on workerd on its own, whatever the header says', () => {
  expect(clientAddress(request({ clientIp: '127.0.0.1:60514' }))).toBe('127.0.0.1');
  expect(clientAddress(request({ clientIp: '[::ffff:192.0.2.1]:43612' }))).toBe('192.0.2.1');
  expect(clientAddress(request({ clientIp: '[::1]:36546' }))).toBe('0:0:0:0::/64');
  // A Unix socket.
  expect(clientAddress(request({ clientPid: 19_218 }))).toBeUndefined();
  expect(clientAddress(request(undefined))).toBeUndefined();
});
