/**
 * The long form of `tests/jobs/survival.test.ts`, with real processes and toy workers:
 *
 *   npx tsx scripts/chaos-jobs.ts workers [--jobs 1000] [--workers 5] [--every 2000] [--restarts 2] [--ms 50]
 *   npx tsx scripts/chaos-jobs.ts server [--rounds 20] [--jobs 100] [--ms 200]
 *
 * Prints what became of every job as JSON; exit code 1 when one was lost or did not succeed. `workers` needs Debian's
 * postgresql.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { killServer, killWorkers } from '../tests/jobs/chaos.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string' },
    workers: { type: 'string', default: '5' },
    every: { type: 'string', default: '2000' },
    restarts: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '20' },
    ms: { type: 'string' },
  },
});
const [what] = positionals;
if (what !== 'workers' && what !== 'server') {
  process.stderr.write('chaos-jobs: expected "workers" or "server"\n');
  process.exit(2);
}
const tally =
  what === 'workers'
    ? await killWorkers({
        jobs: Number(values.jobs ?? 1000),
        workers: Number(values.workers),
        killEveryMs: Number(values.every),
        restarts: Number(values.restarts),
        ms: Number(values.ms ?? 50),
      })
    : await killServer({
        rounds: Number(values.rounds),
        jobs: Number(values.jobs ?? 100),
        ms: Number(values.ms ?? 200),
      });
process.stdout.write(`${JSON.stringify(tally, null, 2)}\n`);
process.exit(tally.states.succeeded === tally.submitted ? 0 : 1);
