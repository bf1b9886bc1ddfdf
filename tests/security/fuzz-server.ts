/** Nearly valid requests and messages, as bytes on the wire. */
import fc from 'fast-check';

const METHOD = fc.constantFrom('GET', 'POST', 'POST', 'POST', 'PUT', 'OPTIONS', 'HEAD', 'DELETE', 'BREW', '');
const PATH = fc.oneof(
  fc.constantFrom(
    '/',
    '/docs',
    '/healthz',
    '/metrics',
    '/v1/infer',
    '/v1/diarize',
    '/v1/embed',
    '/v1/stream',
    '/v2',
    '/v2/models/toy/infer',
    '/v2/models/toy',
    '/openapi.json',
  ),
  fc.constantFrom(
    '/v1/diarize?numSpeakers=2',
    '/v1/diarize?format=rttm',
    '/v1/diarize?a=1&a=2',
    '/v1/../metrics',
    '//v1/infer',
    '/%00',
    '/%zz',
    '*',
    'http://x/v1/infer',
    'http://[/',
  ),
  fc.webPath(),
  fc.string({ maxLength: 20, unit: 'binary' }).map((text) => `/${text.replace(/[\s]/g, '')}`),
);
const HEADER = fc.oneof(
  fc.constantFrom(
    'Content-Type: application/octet-stream',
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Type: application/json',
    'Content-Length: 3',
    'Content-Length: 0',
    'Content-Length: -1',
    'Content-Length: 99999999999',
    'Content-Length: 3, 3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: x',
    'Expect: 100-continue',
    'Expect: x',
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
    'Content-Encoding: gzip',
    'Inference-Header-Content-Length: 3',
    'Inference-Header-Content-Length: -3',
    'Origin: http://evil.example',
    'Sec-Fetch-Site: cross-site',
    'Host: localhost',
    'Range: bytes=0-1',
  ),
  fc.string({ maxLength: 30, unit: 'binary' }).map((text) => `X-A: ${text}`),
);
const BODY = fc.oneof(
  fc.constantFrom('', 'abc', '3\r\nabc\r\n0\r\n\r\n', 'ffffffff\r\n', '{}', '--b\r\n', '\r\n\r\n'),
  fc.string({ maxLength: 60, unit: 'binary' }),
);

/** One connection's bytes: some requests, one after the other. */
export const CONNECTION = fc
  .array(
    fc.record({
      method: METHOD,
      path: PATH,
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9'),
      headers: fc.array(HEADER, { maxLength: 6 }),
      body: BODY,
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((requests) =>
    requests
      .map(({ method, path, version, headers, body }) =>
        [`${method} ${path} ${version}`, 'Host: localhost', ...headers, '', body].join('\r\n'),
      )
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
    fc.uint8Array({ maxLength: 600 }),
  ),
  { maxLength: 6 },
);
