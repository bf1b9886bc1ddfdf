import { flag, integer, number, text } from '@voiceflow-ml/server/args';
import { command } from '../command.ts';
import { measureEndToEnd } from '../network/end-to-end.ts';
import { rtt } from '../network/model.ts';
import { renderSections } from '../report/markdown.ts';
import { endToEnd } from '../report/serving-sections.ts';
import { serverAt } from '../server-under-test.ts';
import { exitCode, formatVerdicts } from '../sla.ts';

export const e2e = command({
  summary: 'end-to-end latency over a simulated network, by component',
  about: `Requests pass a TCP proxy on loopback that adds a seeded random delay in both directions. Without --url, the server of
this repository is started for the measurement.`,
  options: {
    url: text('http://HOST:PORT', 'a running server'),
    iterations: integer([1, 1_000_000], 100, 'number of requests'),
    concurrency: integer([1, 1000], 1, 'concurrent clients'),
    rtt: rtt('round-trip time in milliseconds, drawn for each request'),
    jitter: number([0, 10_000], 0, 'standard deviation of the delay in milliseconds'),
    workers: integer([1, 256], 'N', 'workers of the started server'),
    check: flag('exit with 1 when P99 is 100 ms or more'),
    json: flag('the result as JSON'),
  },
  notes: `Example
  npm run bench -- e2e --iterations 100 --rtt 10-40 --jitter 2`,
  async run({ url, iterations, concurrency, rtt, jitter, workers, check, json }, io) {
    await using server = await serverAt(url, { workers, signal: io.signal });
    const result = await measureEndToEnd({ url: server.url, iterations, concurrency, network: { rtt, jitter } });
    const { verdicts } = result;
    io.out(json ? JSON.stringify(result) : `${renderSections([endToEnd([result])])}\n\n${formatVerdicts(verdicts)}`);
    return check ? exitCode(verdicts) : 0;
  },
});
