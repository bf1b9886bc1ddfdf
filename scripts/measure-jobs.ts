/**
 * What a job costs over a plain request, on the embedded database, with a toy in place of the network:
 *
 *   npx tsx scripts/measure-jobs.ts [--pairs 100] [--submissions 1000] [--at-once 10]
 *
 * Prints milliseconds as JSON. Pairs are asked in turn, so that both see the same machine.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { killed, startServer } from '../tests/jobs/chaos.ts';
import { dataFolder } from '../tests/jobs/databases.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100' },
    submissions: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '10' },
  },
});
const quantiles = (list: readonly number[]) => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
};

const data = await dataFolder();
const server = await startServer(data);
const body = '{}';
const rss = () =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.child.pid)], { encoding: 'utf8' })) / 1024;
const timed = async (work: () => Promise<unknown>) => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};
const post = async (path: string) => {
  const response = await fetch(server.url + path, { method: 'POST', body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { id: string };
};
const job = async () => {
  const { id } = await post('/v1/jobs');
  const { state } = await (await fetch(`${server.url}/v1/jobs/${id}?wait=30`)).json();
  if (state !== 'succeeded') throw new Error(`a job ended as ${state}`);
};
try {
  for (let i = 0; i < 20; i++) await Promise.all([job(), post('/v1/diarize')]);
  const plain: number[] = [];
  const jobs: number[] = [];
  for (let i = 0; i < Number(values.pairs); i++) {
    plain.push(await timed(() => post('/v1/diarize')));
    jobs.push(await timed(job));
  }
  const overhead = jobs.map((ms, i) => ms - (plain[i] ?? 0));
  const before = rss();
  const submissions: number[] = [];
  let left = Number(values.submissions);
  const seconds =
    (await timed(() =>
      Promise.all(
        Array.from({ length: Number(values['at-once']) }, async () => {
          while (left-- > 0) submissions.push(await timed(() => post('/v1/jobs')));
        }),
      ),
    )) / 1000;
  const report = {
    diarize: quantiles(plain),
    job: quantiles(jobs),
    overhead: quantiles(overhead),
    submission: quantiles(submissions),
    submissionsPerSecond: Math.round(submissions.length / seconds),
    memoryMiB: { before: Math.round(before), after: Math.round(rss()) },
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await killed(server.child, 'SIGTERM');
  rmSync(data, { recursive: true, force: true });
}
