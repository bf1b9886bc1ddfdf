/** Nearly valid requests and messages, as bytes on the wire. */
import { once } from 'node:events';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { rawClient, statuses } from './sockets.ts';

const weighted = <T>(...choices: [number, fc.Arbitrary<T>][]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const METHOD = weighted(
  [20, fc.constantFrom('GET', 'POST', 'POST')],
  [1, fc.constantFrom('PUT', 'OPTIONS', 'HEAD', 'DELETE', 'BREW', '')],
);
const PATH = weighted<string>(
  [
    12,
    fc.constantFrom(
      '/',
      '/docs',
      '/healthz',
      '/metrics',
      '/v1/infer',
      '/v1/diarize',
      '/v1/diarize?numSpeakers=2',
      '/v1/embed',
      '/v1/stream?sampleRate=16000',
      '/v2',
      '/v2/models/toy/infer',
      '/v2/models/toy',
      '/openapi.json',
    ),
  ],
  [
    2,
    fc.constantFrom('/v1/diarize?format=x', '/v1/diarize?a=1&a=2', '/v1/../metrics', '//v1/infer', '/%00', '/%zz', '*'),
  ],
  [1, fc.constantFrom('http://x/v1/infer', 'http://[/', '')],
  [2, fc.webPath()],
  [1, fc.string({ maxLength: 20, unit: 'binary' }).map((text) => `/${text.replace(/[\s]/g, '')}`)],
);
const HEADER = weighted<string>(
  [
    20,
    fc.constantFrom(
      'Content-Type: application/octet-stream',
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Type: application/json',
      'Expect: 100-continue',
      'Upgrade: h2c',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Connection: close',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
      'X-Deadline-Ms: 5',
      'X-Deadline-Ms: x',
      'X-Request-Id: a',
      'Accept: text/event-stream',
      'Accept: application/octet-stream',
      'Inference-Header-Content-Length: 3',
      'Inference-Header-Content-Length: -3',
      'Origin: http://evil.example',
      'Range: bytes=0-1',
    ),
  ],
  [2, fc.constantFrom('Content-Encoding: gzip', 'Sec-Fetch-Site: cross-site', 'Expect: x', 'Host: localhost')],
  [1, fc.string({ maxLength: 30, unit: 'binary' }).map((text) => `X-A: ${text}`)],
);
const PLAIN_BODY = weighted<string>(
  [
    4,
    fc.constantFrom('', 'abc', '{}', '--b\r\n', '--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--'),
  ],
  [2, fc.string({ maxLength: 60, unit: 'binary' })],
);
/** How long the body is, and the body: as it is said, in chunks, or at odds with each other. */
const FRAMED_BODY = weighted<{ header: string; body: string }>(
  [12, PLAIN_BODY.map((body) => ({ header: `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, body }))],
  [
    4,
    PLAIN_BODY.map((body) => ({
      header: 'Transfer-Encoding: chunked',
      body: `${body === '' ? '' : `${Buffer.byteLength(body, 'latin1').toString(16)}\r\n${body}\r\n`}0\r\n\r\n`,
    })),
  ],
  [
    3,
    fc.record({
      header: fc.constantFrom(
        'Content-Length: 3',
        'Content-Length: -1',
        'Content-Length: 99999999999',
        'Content-Length: 3, 3',
        'Content-Length: 3\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: gzip, chunked',
        'Transfer-Encoding: x',
        'Transfer-Encoding: chunked',
        'X-None: 1',
      ),
      body: weighted<string>([1, PLAIN_BODY], [1, fc.constantFrom('ffffffff\r\n', '3\r\nabc', '\r\n\r\n', '-1\r\n')]),
    }),
  ],
);

/** One connection's bytes: some requests, one after the other. */
export const CONNECTION = fc
  .array(
    fc.record({
      method: METHOD,
      path: PATH,
      version: weighted<string>(
        [30, fc.constant('HTTP/1.1')],
        [1, fc.constantFrom('HTTP/1.0', 'HTTP/9', 'http/1.1', '')],
      ),
      headers: fc.array(HEADER, { maxLength: 4 }),
      framed: FRAMED_BODY,
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((requests) =>
    requests
      .map(({ method, path, version, headers, framed: { header, body } }) => {
        const framing = method === 'GET' ? [] : [header];
        const lines = [`${method} ${path} ${version}`, 'Host: localhost', ...headers, ...framing, '', ''];
        return lines.join('\r\n') + (method === 'GET' ? '' : body);
      })
      .join(''),
  );

/** Messages of one live session. */
export const MESSAGES = fc.array(
  fc.oneof(
    fc.constantFrom<string>(
      '{"type":"keep-alive"}',
      '{"type":"end"}',
      '{"type":"end","recluster":1}',
      '',
      '[]',
      '{}',
      'null',
      '{"type":{}}',
    ),
    fc.json({ maxDepth: 3 }),
    fc.string({ maxLength: 50 }),
    // The worker without a model hangs on purpose at audio that begins with 255.
    fc.uint8Array({ maxLength: 600 }).filter(([first]) => first !== 255),
  ),
  { maxLength: 6 },
);

/** A session that is not closed by then never will be. */
const HANG_MS = 120_000;
/** Time for what a server of short limits does with half a request. */
const PATIENCE_MS = 400;

/** Sends a connection's bytes. @throws where any answer is a 5xx that no request may bring about, or a refusal without a problem. */
export async function connectionOutcome(url: string, bytes: string): Promise<string> {
  const client = await rawClient(url, Buffer.from(bytes, 'latin1'));
  client.socket.end();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([client.closed, patience]);
  clearTimeout(timer);
  client.socket.destroy();
  // 503, 504: not within the deadline that it gives, or its body did not come. 501, 505: no part of this server.
  const bad = statuses(client.text()).filter((status) => status >= 500 && ![501, 503, 504, 505].includes(status));
  if (bad.length > 0) throw new Error(`answered ${bad.join(', ')}`);
  // Handshakes that are none are answered by the library for WebSockets, in plain text.
  const refusals = client.text().match(/HTTP\/1\.1 [45]\d\d [\s\S]*?\r\n\r\n/g) ?? [];
  const bare = refusals.find((head) => !/^content-type: application\/problem\+json/im.test(head));
  if (bare !== undefined && !/upgrade: websocket/i.test(bytes)) throw new Error(`no problem: ${bare}`);
  return `answered ${statuses(client.text())[0] ?? 'nothing'}`;
}

/** Sends a session's messages, and the word that ends it. @throws where it is closed in another way than is promised. */
export async function sessionOutcome(url: string, messages: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream?sampleRate=16000`);
  socket.on('error', () => {});
  await once(socket, 'message');
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(HANG_MS) });
  for (const message of messages) socket.send(message);
  socket.send('{"type":"end"}');
  const [code] = await closed;
  if (![1000, 1008, 1009].includes(Number(code))) throw new Error(`closed with ${code}`);
}
