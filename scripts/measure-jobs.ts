/**
 * Measures what a job costs over a plain request, on the embedded database, with a toy in place of the network:
 *
 *   npx tsx scripts/measure-jobs.ts [--pairs 100] [--submissions 1000] [--at-once 10] [--rate 200] [--for 10] [--ms 0]
 *
 * Prints milliseconds as JSON. The job and the request of a pair alternate, so that both see the same machine load.
 * Submissions are measured twice: `--at-once` concurrent ones, for the throughput; then at a fixed `--rate`, for the
 * latency, while jobs of `--ms` milliseconds each are processed (0: each ends at once and takes three statements).
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { integer } from '../packages/server/src/args/index.ts';
import { killed, startServer } from '../tests/jobs/chaos.ts';
import { dataFolder } from '../tests/jobs/databases.ts';
import { scriptArguments } from './arguments.ts';

const { values } = scriptArguments({
  pairs: integer([1, 1e6], 100, 'pairs of a job and a request'),
  submissions: integer([1, 1e6], 1000, 'concurrent submissions in total'),
  'at-once': integer([1, 1000], 10, 'submissions in flight'),
  rate: integer([1, 1e5], 200, 'submissions per second'),
  for: integer([1, 3600], 10, 'seconds at the fixed rate'),
  ms: integer([0, 1e6], 0, 'milliseconds per job'),
});
const quantiles = (list: readonly number[]) => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
};

const data = await dataFolder();
const server = await startServer(data);
const rss = () =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.child.pid)], { encoding: 'utf8' })) / 1024;
const timed = async (work: () => Promise<unknown>) => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};
const post = async (path: string, body = '{}') => {
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
  for (let i = 0; i < values.pairs; i++) {
    plain.push(await timed(() => post('/v1/diarize')));
    jobs.push(await timed(job));
  }
  const overhead = jobs.map((ms, i) => ms - (plain[i] ?? 0));
  const before = rss();
  const submissions: number[] = [];
  let left = values.submissions;
  const seconds =
    (await timed(() =>
      Promise.all(
        Array.from({ length: values['at-once'] }, async () => {
          while (left-- > 0) submissions.push(await timed(() => post('/v1/jobs')));
        }),
      ),
    )) / 1000;
  // The rate does not wait for responses, so a slow response does not delay later requests.
  const paced: Promise<number>[] = [];
  const start = performance.now();
  while (paced.length < values.rate * values.for) {
    const due = start + (1000 * paced.length) / values.rate;
    if (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1));
    else paced.push(timed(() => post('/v1/jobs', JSON.stringify({ ms: String(values.ms) }))));
  }
  const atRate = await Promise.all(paced);
  const report = {
    diarize: quantiles(plain),
    job: quantiles(jobs),
    overhead: quantiles(overhead),
    submission: quantiles(submissions),
    submissionsPerSecond: Math.round(submissions.length / seconds),
    submissionAtRate: { perSecond: values.rate, ...quantiles(atRate) },
    memoryMiB: { before: Math.round(before), after: Math.round(rss()) },
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await killed(server.child, 'SIGTERM');
  rmSync(data, { recursive: true, force: true });
}
