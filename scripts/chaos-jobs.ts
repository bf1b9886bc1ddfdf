/**
 * A longer version of `tests/jobs/survival.test.ts`, with real processes and toy workers:
 *
 *   npx tsx scripts/chaos-jobs.ts workers [--jobs 1000] [--workers 5] [--every 2000] [--restarts 2] [--ms 50]
 *   npx tsx scripts/chaos-jobs.ts server [--rounds 20] [--jobs 100] [--ms 200]
 *
 * Prints the outcome of all jobs as JSON; exits with code 1 when a job was lost or did not succeed. `workers` needs
 * Debian's postgresql.
 */
import process from 'node:process';
import { integer } from '../packages/server/src/args/index.ts';
import { killServer, killWorkers } from '../tests/jobs/chaos.ts';
import { scriptArguments } from './arguments.ts';

const { positionals, values } = scriptArguments({
  jobs: integer([1, 1e6], 'N', 'number of jobs (1000, or 100 for a server)'),
  workers: integer([1, 256], 5, 'worker processes'),
  every: integer([1, 1e6], 2000, 'milliseconds between kills'),
  restarts: integer([0, 1000], 2, 'restarts of PostgreSQL'),
  rounds: integer([1, 1000], 20, 'number of server kills'),
  ms: integer([0, 1e6], 'MS', 'milliseconds per job (50, or 200 for a server)'),
});
const { workers, every: killEveryMs, restarts, rounds } = values;
const [what] = positionals;
if (what !== 'workers' && what !== 'server') {
  process.stderr.write('chaos-jobs: expected "workers" or "server"\n');
  process.exit(2);
}
const tally =
  what === 'workers'
    ? await killWorkers({
        jobs: values.jobs ?? 1000,
        workers,
        killEveryMs,
        restarts,
        ms: values.ms ?? 50,
      })
    : await killServer({
        rounds,
        jobs: values.jobs ?? 100,
        ms: values.ms ?? 200,
      });
process.stdout.write(`${JSON.stringify(tally, null, 2)}\n`);
process.exit(tally.states.succeeded === tally.submitted ? 0 : 1);
