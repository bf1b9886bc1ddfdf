import { describe, expect, it } from 'vitest';
import { fastCnn } from 'voiceflow-ml';
import type { Suite } from './suite.ts';

const { version } = fastCnn.manifest;

/** The routes that every server has for its operators, and the counts of the other suites. */
export function systemSuite({ subject, problem }: Suite): void {
  describe('the system routes', () => {
    it('report that the server is alive and ready', async () => {
      expect(await (await subject.fetch('/healthz')).json()).toEqual({ status: 'ok' });
      const ready = await subject.fetch('/readyz');
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    });

    it('set a request id on every response, the client’s if it is valid', async () => {
      const own = await subject.fetch('/healthz', { headers: { 'x-request-id': 'abc-1.2:3' } });
      expect(own.headers.get('x-request-id')).toBe('abc-1.2:3');
      const bad = await subject.fetch('/healthz', { headers: { 'x-request-id': 'a b<c>' } });
      expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    });

    it('return 404 and 405 as problems', async () => {
      expect(await problem(await subject.fetch('/nothing'))).toMatchObject({ status: 404, code: 'not-found' });
      const wrong = await subject.fetch('/v1/infer');
      expect(wrong.headers.get('allow')).toBe('POST');
      expect(await problem(wrong)).toMatchObject({ status: 405, code: 'method-not-allowed' });
    });

    it('describe the API as JSON and as a page, without external resources', async () => {
      const api = await (await subject.fetch('/openapi.json')).json();
      expect(api.openapi).toBe('3.1.0');
      expect(Object.keys(api.paths)).toEqual(
        expect.arrayContaining([
          '/v1/infer',
          '/v1/diarize',
          '/v1/embed',
          '/v1/stream',
          '/v2/models/{model}/infer',
          '/',
        ]),
      );
      for (const [path, methods] of Object.entries(api.paths)) {
        for (const method of Object.keys(methods as object)) {
          const real = path.replace('{model}', 'fast-cnn').replace('{version}', version);
          const response = await subject.fetch(real, { method: method.toUpperCase() });
          expect([404, 405], `${method} ${path}`).not.toContain(response.status);
          await response.arrayBuffer();
        }
      }
      for (const path of ['/docs', '/']) {
        const response = await subject.fetch(path);
        expect(response.headers.get('content-type')).toMatch(/^text\/html/);
        expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
        const html = await response.text();
        expect(html).toContain('VoiceFlow');
        expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
      }
    });
  });
}
