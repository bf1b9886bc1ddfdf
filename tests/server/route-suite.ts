/** The routes of the contract: the same tests whatever serves them. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { documented } from './documented.ts';
import { patient, type Subject } from './harness.ts';
import { diarizeSuite } from './suites/diarize.ts';
import { embedSuite } from './suites/embed.ts';
import { inferSuite } from './suites/infer.ts';
import { metricsSuite } from './suites/metrics.ts';
import { oipSuite } from './suites/oip.ts';
import type { Suite, SuiteOptions } from './suites/suite.ts';
import { systemSuite } from './suites/system.ts';

/** @param start The subject, with `VOICEFLOW_BODY_BYTES` = 8 MiB and the deadlines of `NO_HURRY`. */
export function routeSuite(name: string, start: () => Promise<Subject>, options: SuiteOptions = {}): void {
  describe(name, () => {
    let started: Subject;
    beforeAll(async () => {
      started = documented(patient(await start()));
    });
    afterAll(() => started?.close());
    const suite: Suite = {
      ...options,
      subject: { fetch: (path, init) => started.fetch(path, init) },
      post: (path, body, headers = {}) => started.fetch(path, { method: 'POST', body, headers }),
      async problem(response) {
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        const body = await response.json();
        expect(body).toMatchObject({ type: `urn:voiceflow:error:${body.code}`, status: response.status });
        expect(body.error).toBe(body.detail);
        expect(body.requestId).toBe(response.headers.get('x-request-id'));
        return body;
      },
    };
    systemSuite(suite);
    inferSuite(suite);
    diarizeSuite(suite);
    embedSuite(suite);
    oipSuite(suite);
    metricsSuite(suite);
  });
}
