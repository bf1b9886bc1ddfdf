import { expect, it } from 'vitest';
import { createApp } from '../../app.ts';
import { localEngine } from '../../engine/local/local-engine.ts';
import { utf8 } from '../../engine/runner/bytes.ts';

it('counts the time of an event stream until its result, as that of any other response', async () => {
  const reply = { contentType: 'application/json', body: utf8('{}'), timings: {}, audioSeconds: 1 };
  const engine = localEngine(
    {
      run: () => new Promise((resolve) => setTimeout(() => resolve(reply), 200)),
      open: () => {
        throw new Error('not here');
      },
    },
    // Stand-ins with what is used.
    { manifest: {} as never, backend: 'fake' },
  );
  const app = createApp({ engine, version: '0' });
  const headers = { accept: 'text/event-stream' };
  const response = await app.hono.request('/v1/diarize', { method: 'POST', body: 'audio', headers });
  expect(await response.text()).toContain('event: result');
  const metrics = await (await app.hono.request('/metrics')).text();
  const of = (name: string) =>
    Number(new RegExp(`request_duration_seconds_${name}\\{route="/v1/diarize"\\} (.*)`).exec(metrics)?.[1]);
  expect(of('count')).toBe(1);
  expect(of('sum')).toBeGreaterThan(0.19);
});
