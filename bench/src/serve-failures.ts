import { Agent, request } from 'node:http';
import { type BenchIo, choiceFlag, countFlag, numberFlag, parseFlags } from './args.ts';
import { summaryLine } from './format.ts';
import {
  atLeast,
  atMost,
  conclude,
  type Entry,
  entryOf,
  metric,
  NODE,
  sleep,
  startEntry,
  WINDOW,
  withEntry,
} from './serve-common.ts';
import { noise, seededRandom } from './stats/random.ts';
import { summarize } from './stats/summary.ts';

type Outcome = 'ok' | 'refused' | `http-${number}` | `error-${string}`;

/** One window to `/v1/infer` with a keep-alive agent. */
function infer(url: string, agent: Agent, body: Uint8Array): Promise<{ outcome: Outcome; code?: string }> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': body.length };
    const call = request(`${url}/v1/infer`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', (error) => resolve({ outcome: `error-${error.message}` }));
      response.on('end', () => {
        const { statusCode = 0 } = response;
        const parsed = JSON.parse(text) as { code?: string };
        resolve(statusCode === 200 ? { outcome: 'ok' } : { outcome: `http-${statusCode}`, code: parsed.code });
      });
    });
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ outcome: error.code === 'ECONNREFUSED' ? 'refused' : `error-${error.code ?? error.message}` }),
    );
    call.end(body);
  });
}

const body = () => new Uint8Array(noise(WINDOW, seededRandom(1)).buffer);

/** Codes by which the contract answers for a worker that failed. */
const TYPED = ['backend-failed', 'deadline-exceeded', 'overloaded'];

/** A server whose workers throw, hang or die, one of them every other second: every request is answered. */
export async function chaos(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { seconds: 'string', every: 'string', clients: 'string' });
  const seconds = numberFlag(flags, 'seconds', [1, 3600], 60);
  const everyMs = numberFlag(flags, 'every', [10, 60_000], 2000);
  const clients = countFlag(flags, 'clients', [1, 256], 8);
  // Two workers, each failing at half the rate.
  const faults = JSON.stringify({ faults: ['throw', 'hang', 'exit'], everyMs: 2 * everyMs });
  const env = { VOICEFLOW_FAULTS: faults, VOICEFLOW_WORKERS: '2', VOICEFLOW_INFER_DEADLINE_MS: '2000' };
  return withEntry(
    env,
    async (server) => {
      const counts = new Map<string, number>();
      const agent = new Agent({ keepAlive: true });
      const until = performance.now() + seconds * 1000;
      const window = body();
      let untyped = 0;
      const latencies: number[] = [];
      await Promise.all(
        Array.from({ length: clients }, async () => {
          while (performance.now() < until) {
            const sent = performance.now();
            const { outcome, code } = await infer(server.url, agent, window);
            latencies.push(performance.now() - sent);
            const key = code ?? outcome;
            counts.set(key, (counts.get(key) ?? 0) + 1);
            if (outcome !== 'ok' && !(code !== undefined && TYPED.includes(code))) untyped++;
          }
        }),
      );
      agent.destroy();
      const restarts = await metric(server.url, 'voiceflow_worker_restarts_total');
      const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
      io.out(
        `${JSON.stringify(Object.fromEntries(counts))}; ${restarts} workers replaced\n  ${summaryLine(summarize(latencies))}`,
      );
      return conclude(io, [
        atMost('requests without an answer or a typed error', untyped, 0, ''),
        atLeast('answered well', (100 * (counts.get('ok') ?? 0)) / all, 95, '%'),
        atLeast('workers replaced', restarts, Math.floor(seconds / (everyMs / 1000) / 3), ''),
      ]);
    },
    { ...NODE, file: 'bench/dist/serve-faulty.js' },
  );
}

/** On a busy machine, too: this is about what is lost, not about what is late. */
const PATIENT = { VOICEFLOW_INFER_DEADLINE_MS: '60000' };

/** SIGTERM under load, again and again: nothing that was accepted fails, and the exit code is 0. */
export async function drain(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { rounds: 'string', clients: 'string', on: 'string' });
  const entry = entryOf(choiceFlag(flags, 'on', ['node', 'bun', 'deno']));
  const rounds = countFlag(flags, 'rounds', [1, 1000], 20);
  const clients = countFlag(flags, 'clients', [1, 256], 16);
  const failures: string[] = [];
  const exits: (number | string)[] = [];
  let answered = 0;
  for (let round = 0; round < rounds; round++) {
    const server = await startEntry(PATIENT, entry);
    answered += await drainOnce(server, clients, round, failures);
    exits.push(await server.exited);
    io.note(
      `round ${round + 1}: exit ${exits.at(-1)}, ${answered} answered so far, failures: ${failures.join(', ') || 'none'}`,
    );
  }
  return conclude(io, [
    atMost('failed requests', failures.length, 0, ''),
    atMost('exits that are not 0', exits.filter((exit) => exit !== 0).length, 0, ''),
    atLeast('answered', answered, rounds * clients, 'requests'),
  ]);
}

async function drainOnce(server: Entry, clients: number, round: number, failures: string[]): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const window = body();
  let answered = 0;
  let gone = false;
  const load = Promise.all(
    Array.from({ length: clients }, async () => {
      while (!gone) {
        const { outcome, code } = await infer(server.url, agent, window);
        if (outcome === 'ok') answered++;
        else if (outcome === 'refused') gone = true;
        else failures.push(code ?? outcome);
      }
    }),
  );
  while (answered < clients) await sleep(5);
  // Another moment of the work each time.
  await sleep(seededRandom(round + 1)() * 50);
  server.kill('SIGTERM');
  await load;
  agent.destroy();
  return answered;
}
