import { expect, it } from 'vitest';
import type { Suite } from './suite.ts';

/** What the other suites have requested is counted. */
export function metricsSuite({ subject }: Suite): void {
  it('counts all requests for Prometheus', async () => {
    const metrics = async () => (await subject.fetch('/metrics')).text();
    // What was held for the client that left is given back when its worker has stopped.
    let text = await metrics();
    while (!text.includes('voiceflow_body_bytes 0')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      text = await metrics();
    }
    expect(text).toMatch(/voiceflow_requests_total\{route="\/v1\/infer",outcome="ok"\} \d+/);
    expect(text).toMatch(/voiceflow_requests_total\{route="\/v1\/diarize",outcome="ok"\} \d+/);
    expect(text).toMatch(/voiceflow_refusals_total\{code="invalid-option"\} \d+/);
    for (const name of ['request', 'queue', 'inference']) {
      expect(text).toMatch(new RegExp(`voiceflow_${name}_duration_seconds_bucket\\{.*le="\\+Inf"\\} [1-9]`));
    }
    expect(text).toMatch(/voiceflow_queue_depth\{lane="infer"\} 0/);
    for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{.*\})? [-+.\de]+)$/);
  });
}
