import { setTimeout as sleep } from 'node:timers/promises';
import { choice, integer, number, or } from '@voiceflow-ml/server/args';
import { SERVER_FLAGS } from '@voiceflow-ml/server/node';
import { seededRandom } from 'voiceflow-ml/testing';
import { command } from '../command.ts';
import { counts, summaryLine } from '../format.ts';
import { BENCH_SCRIPT } from '../inner.ts';
import { inferTarget, type Reply } from '../load/target.ts';
import { metric, type ServerUnderTest, serverOn, startServer } from '../server-under-test.ts';
import { atLeast, atMost, conclude } from '../sla.ts';
import { summarize } from '../stats/summary.ts';

/** The contract's error codes for a failed worker. */
const TYPED = ['backend-failed', 'deadline-exceeded', 'overloaded'];

/** The outcome of a request: `ok`, the code of the problem, or the class of failure. */
function outcome(reply: Reply): string {
  if (reply.ok) return 'ok';
  const { code } = JSON.parse(reply.body || '{}') as { code?: string };
  return code ?? reply.failure;
}

export const chaos = command({
  summary: 'workers that throw, hang or crash at a fixed interval: every request gets a response',
  options: {
    seconds: number([1, 3600], 60, 'duration in seconds'),
    every: number([10, 60_000], 2000, 'milliseconds between failures'),
    clients: integer([1, 256], 8, 'concurrent clients'),
  },
  async run({ seconds, every, clients }, io) {
    // Two workers, each failing at half the rate.
    const faults = JSON.stringify({ faults: ['throw', 'hang', 'exit'], everyMs: 2 * every });
    const env = { VOICEFLOW_FAULTS: faults, VOICEFLOW_INFER_DEADLINE_MS: '2000' };
    const faulty = [process.execPath, ...SERVER_FLAGS, BENCH_SCRIPT, 'faulty-server'] as const;
    await using server = await startServer({ workers: 2, env, command: faulty });
    const { url } = server;
    using target = inferTarget(url, clients);
    const seen: Record<string, number> = {};
    const latencies: number[] = [];
    const until = performance.now() + seconds * 1000;
    const client = async () => {
      while (performance.now() < until) {
        const sent = performance.now();
        const key = outcome(await target.send());
        latencies.push(performance.now() - sent);
        seen[key] = (seen[key] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    const restarts = await metric(url, 'voiceflow_worker_restarts_total');
    const of = (codes: readonly string[]) => codes.reduce((sum, code) => sum + (seen[code] ?? 0), 0);
    const ok = of(['ok']);
    io.out(`${counts(seen)}; ${restarts} workers replaced\n  ${summaryLine(summarize(latencies))}`);
    return conclude(io, [
      atMost('requests without a result or a typed error', latencies.length - ok - of(TYPED), 0, ''),
      atLeast('requests that succeeded', (100 * ok) / latencies.length, 95, '%'),
      atLeast('workers replaced', restarts, Math.floor(seconds / (every / 1000) / 3), ''),
    ]);
  },
});

/** A long deadline for busy machines: this test looks for lost requests, not for late ones. */
const LONG_DEADLINE = { VOICEFLOW_INFER_DEADLINE_MS: '60000' };

export const drain = command({
  summary: 'repeated SIGTERM under load: no accepted request fails, and the exit code is 0',
  options: {
    on: or(choice(['node', 'bun', 'deno'], 'node, bun or deno'), 'node'),
    rounds: integer([1, 1000], 20, 'number of shutdowns'),
    clients: integer([1, 256], 16, 'concurrent clients'),
  },
  async run({ on, rounds, clients }, io) {
    const failures: string[] = [];
    const exits: (number | string)[] = [];
    let answered = 0;
    for (let round = 1; round <= rounds; round++) {
      const server = await startServer({ env: LONG_DEADLINE, command: serverOn(on) });
      answered += await drainOnce(server, clients, round, failures);
      const exit = await server.exited;
      exits.push(exit);
      io.note(`round ${round}: exit ${exit}, ${answered} answered so far, failures: ${failures.join(', ') || 'none'}`);
    }
    return conclude(io, [
      atMost('failed requests', failures.length, 0, ''),
      atMost('exit codes other than 0', exits.filter((exit) => exit !== 0).length, 0, ''),
      atLeast('answered requests', answered, rounds * clients, ''),
    ]);
  },
});

async function drainOnce(server: ServerUnderTest, clients: number, round: number, failures: string[]): Promise<number> {
  using target = inferTarget(server.url, clients);
  let answered = 0;
  let refused = false;
  const client = async () => {
    while (!refused) {
      const how = outcome(await target.send());
      if (how === 'ok') answered++;
      else if (how === 'refused') refused = true;
      else failures.push(how);
    }
  };
  const load = Promise.all(Array.from({ length: clients }, client));
  while (answered < clients) await sleep(5);
  // A different moment of the work in each round.
  await sleep(seededRandom(round)() * 50);
  server.kill('SIGTERM');
  await load;
  return answered;
}
