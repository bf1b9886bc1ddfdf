import { expect, it } from 'vitest';
import { createApp } from '../../app.ts';
import { localEngine } from '../../engine/local/local-engine.ts';
import { utf8 } from '../../engine/runner/bytes.ts';

function appThatReplies(text: string, afterMs = 0) {
  const reply = { contentType: 'application/json', body: utf8(text), timings: {}, audioSeconds: 1 };
  const engine = localEngine(
    {
      run: () => new Promise((resolve) => setTimeout(() => resolve(reply), afterMs)),
      open: () => {
        throw new Error('not here');
      },
    },
    // Stand-ins with what is used.
    { manifest: {} as never, backend: 'fake' },
  );
  return createApp({ engine, version: '0' });
}

const ask = (app: ReturnType<typeof appThatReplies>) =>
  app.hono.request('/v1/diarize', { method: 'POST', body: 'audio', headers: { accept: 'text/event-stream' } });

it('sends a result with line separators inside its texts, and with several lines, unchanged', async () => {
  const result = { uri: 'a\u2028b\u2029c' };
  const text = await (await ask(appThatReplies(JSON.stringify(result, null, 1)))).text();
  const [, data = ''] = /event: result\n(.*?)\n\n/s.exec(text) ?? [];
  const lines = data.split('\n');
  expect(lines.every((line) => line.startsWith('data: '))).toBe(true);
  expect(JSON.parse(lines.map((line) => line.slice(6)).join('\n'))).toEqual(result);
});

it('leaves framing and connection to the runtime, because the client may want to close or speak HTTP/1.0', async () => {
  const { headers } = await ask(appThatReplies('{}'));
  expect([headers.get('connection'), headers.get('transfer-encoding')]).toEqual([null, null]);
});

it('counts the time of an event stream until its result, as that of any other response', async () => {
  const app = appThatReplies('{}', 200);
  const response = await ask(app);
  expect(await response.text()).toContain('event: result');
  const metrics = await (await app.hono.request('/metrics')).text();
  const of = (name: string) =>
    Number(new RegExp(`request_duration_seconds_${name}\\{route="/v1/diarize"\\} (.*)`).exec(metrics)?.[1]);
  expect(of('count')).toBe(1);
  expect(of('sum')).toBeGreaterThan(0.19);
});
