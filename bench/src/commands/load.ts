import { choice, flag, integer, number, or, text, type Values } from '@voiceflow-ml/server/args';
import { seededRandom } from 'voiceflow-ml/testing';
import { type BenchIo, command } from '../command.ts';
import { formatLoad } from '../load/format.ts';
import { GENERATOR_RATE, measureGenerator } from '../load/generator-cost.ts';
import { closedLoop, openLoop, warmUp } from '../load/loops.ts';
import type { LoadResult } from '../load/recorder.ts';
import { formatSessions, runSessions } from '../load/sessions.ts';
import { inferTarget } from '../load/target.ts';
import { serverAt } from '../server-under-test.ts';
import { exitCode, formatVerdicts, judgeLoad } from '../sla.ts';

const options = {
  url: text('http://HOST:PORT', 'a running server'),
  requests: integer([1, 10_000_000], 200, 'requests of the closed loop'),
  concurrency: integer([1, 10_000], 20, 'concurrent clients of the closed loop'),
  rate: number([0.01, 100_000], 'R', 'open loop: R requests per second, independent of responses'),
  duration: number([0.1, 86_400], 10, 'seconds of the open loop or of each live session'),
  arrivals: or(choice(['even', 'poisson'], 'even or poisson (seeded)'), 'even'),
  connections: integer([1, 10_000], 256, 'maximum keep-alive connections of the open loop'),
  sessions: integer([1, 10_000], 'N', 'N live sessions over WebSocket in real time'),
  timeout: number([1, 3_600_000], 30_000, 'milliseconds until a request counts as failed'),
  warmup: integer([0, 100_000], 400, 'requests before the measurement'),
  accept: or(choice(['binary', 'json'], 'binary or json'), 'binary'),
  workers: integer([1, 256], 'N', 'workers of the started server'),
  generator: flag('measure the load generator alone: an open loop (--rate 2000) against a server without work'),
  check: flag('exit with 1 if a limit (SLA) is missed'),
  json: flag('the result as JSON'),
};

export const load = command({
  summary: 'load test of a server: closed loop, open loop, or live sessions',
  about: 'Without --url, the server of this repository is started for the test.',
  options,
  notes: `Examples
  npm run bench -- load --url http://127.0.0.1:8080 --requests 2000 --concurrency 20
  npm run bench -- load --url http://127.0.0.1:8080 --rate 150 --duration 30 --arrivals poisson
For an overload test, set --rate to several times the throughput of the closed loop; rejections are counted separately.`,
  async run(values, io) {
    const { url, workers, generator, rate = GENERATOR_RATE, duration, json, sessions, check } = values;
    const show = <T>(result: T, format: (result: T) => string) =>
      io.out(json ? JSON.stringify(result) : format(result));
    if (generator) {
      const { open } = await measureGenerator(rate, duration);
      show(open, (load) => `${rate} req/s against a server without work\n${formatLoad(load)}`);
      return 0;
    }
    await using server = await serverAt(url, { workers, signal: io.signal });
    if (sessions !== undefined) {
      const result = await runSessions({ url: server.url, sessions, seconds: duration, seed: 1 });
      show(result, formatSessions);
      return check && result.succeeded < result.sessions ? 1 : 0;
    }
    const result = await loadServer(server.url, values, io);
    const verdicts = judgeLoad(result);
    show({ ...result, verdicts }, () => `${formatLoad(result)}\n\n${formatVerdicts(verdicts)}`);
    return check ? exitCode(verdicts) : 0;
  },
});

async function loadServer(url: string, values: Values<typeof options>, { signal }: BenchIo): Promise<LoadResult> {
  const { requests, concurrency, rate, duration: seconds, arrivals, timeout, accept, warmup } = values;
  const connections = rate === undefined ? concurrency : values.connections;
  const headers = { accept: accept === 'json' ? 'application/json' : 'application/octet-stream' };
  using target = inferTarget(url, connections, { timeout, headers });
  await warmUp(target, warmup, concurrency);
  if (rate === undefined) return await closedLoop(target, { requests, concurrency, signal });
  const random = arrivals === 'poisson' ? seededRandom(1) : undefined;
  return await openLoop(target, { rate, seconds, connections, random, signal });
}
