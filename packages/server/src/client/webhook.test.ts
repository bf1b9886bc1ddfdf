import { describe, expect, it } from 'vitest';
import { parseSecret, signedHeaders } from '../../../jobs/src/webhooks/sign.ts';
import { verifyWebhook } from './webhook.ts';

const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const other = `whsec_${btoa('another-secret-of-enough-length!')}`;
const SECONDS = 1_800_000_000;
const body = JSON.stringify({ type: 'job.succeeded', timestamp: 't', data: { id: 'j', metadata: { name: 'Zoë' } } });
const headers = signedHeaders(parseSecret(secret), 'msg-1', body, SECONDS);
const at = (seconds: number) => ({ secret, now: () => (SECONDS + seconds) * 1000 });

describe('verifyWebhook', () => {
  it('accepts the server’s signature, with Headers or node:http headers, text or bytes, and one of several secrets', async () => {
    const expected = { id: 'msg-1', type: 'job.succeeded', data: { metadata: { name: 'Zoë' } } };
    expect(await verifyWebhook(new Headers(headers), body, at(0))).toMatchObject(expected);
    expect(await verifyWebhook(headers, new TextEncoder().encode(body), at(299))).toMatchObject(expected);
    expect(await verifyWebhook(headers, body, { ...at(0), secret: [other, secret] })).toMatchObject(expected);
    const two = { ...headers, 'webhook-signature': `v1,AAAA v2,x v1,%% ${headers['webhook-signature']}` };
    expect(await verifyWebhook(two, body, at(0))).toMatchObject(expected);
  });

  it('verifies the example of Standard Webhooks', async () => {
    const example = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const options = { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', now: () => 1_614_265_330_000 };
    expect(await verifyWebhook(example, '{"test": 2432232314}', options)).toMatchObject({ test: 2_432_232_314 });
  });

  it.each([
    ['a changed body', headers, `${body} `, at(0)],
    ['another id', { ...headers, 'webhook-id': 'msg-2' }, body, at(0)],
    ['another time', { ...headers, 'webhook-timestamp': String(SECONDS + 1) }, body, at(0)],
    ['another secret', headers, body, { ...at(0), secret: other }],
    ['an old call', headers, body, at(301)],
    ['a call from the future', headers, body, at(-301)],
    ['a time that is none', { ...headers, 'webhook-timestamp': 'soon' }, body, at(0)],
    ['no signature', { ...headers, 'webhook-signature': undefined }, body, at(0)],
    ['a signature of another kind', { ...headers, 'webhook-signature': 'v1a,AAAA' }, body, at(0)],
    ['no headers', {}, body, at(0)],
  ])('rejects %s', async (_, given, text, options) => {
    await expect(verifyWebhook(given, text, options)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('rejects an invalid secret', async () => {
    for (const bad of ['', 'secret', 'whsec_', 'whsec_%%'])
      await expect(verifyWebhook(headers, body, { ...at(0), secret: bad })).rejects.toMatchObject({
        code: 'invalid-option',
      });
  });
});
