import { setTimeout as sleep } from 'node:timers/promises';
import { choice, integer, or } from '@voiceflow-ml/server/args';
import { seededRandom } from 'voiceflow-ml/testing';
import { command } from '../command.ts';
import { inferTarget, type Reply } from '../load/target.ts';
import { type ServerUnderTest, serverOn, startServer } from '../server-under-test.ts';
import { atLeast, atMost, conclude } from '../sla.ts';

/** The outcome of a request: `ok`, the code of the problem, or the class of failure. */
function outcome(reply: Reply): string {
  if (reply.ok) return 'ok';
  const { code } = JSON.parse(reply.body || '{}') as { code?: string };
  return code ?? reply.failure;
}

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
