/**
 * A small archive run: real workers, a PostgreSQL server and an S3 server; a worker is killed at intervals.
 *
 *   npx tsx scripts/measure-workers.ts [--recordings 200] [--seconds 20] [--workers 2] [--every 5] [--model standard]
 *
 * Processes some recordings without kills, to measure the cost of an hour of audio; then all of them with kills.
 * Writes bench/results/jobs.json, from which `npm run bench -- scaling` makes a part of docs/scaling.md. Exits with
 * code 1 when a job was lost or did not succeed. Needs Debian's postgresql, and moto
 * (`pip install "moto[server,s3]"`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { encodeWav } from 'voiceflow-ml/core';
import { treeUsage } from '../bench/src/managed-process.ts';
import { integer, or, text } from '../packages/server/src/args/index.ts';
import { startBucket } from '../tests/jobs/bucket.ts';
import { killed, REAL, sleep, startServer, startWorker } from '../tests/jobs/chaos.ts';
import { askPostgres, PostgresServer } from '../tests/jobs/databases.ts';
import { scriptArguments } from './arguments.ts';

const {
  recordings,
  seconds,
  workers: count,
  every,
  model,
} = scriptArguments({
  recordings: integer([1, 1e6], 200, 'number of recordings'),
  seconds: integer([1, 3600], 20, 'seconds per recording'),
  workers: integer([1, 256], 2, 'worker processes'),
  every: integer([1, 3600], 5, 'seconds between kills'),
  model: or(text('NAME', 'model of the workers'), 'standard'),
}).values;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Recordings whose CPU time is measured before any worker is killed. */
const UNDISTURBED = 12;

/** CPU seconds of a process and its living descendants. Linux only. */
const cpuOf = (pid: number) => treeUsage(pid)?.cpuSeconds ?? 0;

/** 16-bit samples of one channel. */
const whole = readFileSync(here('../examples/audio/conversation.wav'));
const HEADER_BYTES = 44;
const SAMPLE_RATE = whole.readUInt32LE(24);
/** A part of the example conversation, a different one for each index. */
function recording(index: number): Uint8Array<ArrayBuffer> {
  const length = Math.round(seconds * SAMPLE_RATE);
  const begin = Math.floor(((index * 0.618) % 1) * Math.max(0, (whole.length - HEADER_BYTES) / 2 - length));
  const samples = Float32Array.from({ length }, (_, at) => whole.readInt16LE(HEADER_BYTES + 2 * (begin + at)) / 32_768);
  return Uint8Array.from(encodeWav(samples, SAMPLE_RATE));
}

const database = await PostgresServer.start();
const bucket = await startBucket();
const env = { VOICEFLOW_DATABASE_URL: database.url, ...bucket.env, VOICEFLOW_MODEL: model };
const server = await startServer('', { ...env, VOICEFLOW_API_ONLY: '1' }, 1);
const workers = Array.from({ length: count }, () => startWorker(env, [], REAL));
const cpu = () => workers.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : cpuOf(pid)), 0);

async function submit(index: number): Promise<string> {
  const response = await fetch(`${server.url}/v1/jobs`, { method: 'POST', body: recording(index) });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}
async function ended(id: string): Promise<string> {
  for (;;) {
    const { state } = (await (await fetch(`${server.url}/v1/jobs/${id}?wait=30`)).json()) as { state: string };
    if (state !== 'queued' && state !== 'running') return state;
  }
}
async function all(from: number, jobs: number): Promise<Record<string, number>> {
  const ids: string[] = [];
  for (let i = 0; i < jobs; i++) ids.push(await submit(from + i));
  const states: Record<string, number> = {};
  for (const id of ids) {
    const state = await ended(id);
    states[state] = (states[state] ?? 0) + 1;
  }
  return states;
}

let over = false;
try {
  // Warm-up: a worker has loaded its model after its first job.
  await all(0, 2 * count);
  const before = cpu();
  await all(2 * count, UNDISTURBED);
  const cpuSecondsPerHour = ((cpu() - before) / (UNDISTURBED * seconds)) * 3_600;

  let kills = 0;
  const killing = (async () => {
    for (;;) {
      await sleep(every * 1000);
      if (over) return;
      const at = kills++ % count;
      const victim = workers[at];
      if (victim !== undefined) await killed(victim);
      workers[at] = startWorker(env, [], REAL);
    }
  })();
  const startedAt = performance.now();
  const states = await all(UNDISTURBED + 2 * count, recordings);
  const took = (performance.now() - startedAt) / 1000;
  over = true;
  await killing;
  const [row] = await askPostgres(
    database.url,
    `select (select count(*) from voiceflow.result)::int as results, sum(losses)::int as losses,
      count(*) filter (where losses > 0)::int as hit from voiceflow.job`,
  );
  const report = {
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, load: Math.round(loadavg()[1] ?? 0) },
    ...{ model, recordings, secondsEach: seconds, workers: count, killEverySeconds: every, kills },
    states,
    results: Number(row?.results) - UNDISTURBED - 2 * count,
    /** How often a worker died while it ran a job, and how many jobs this happened to. */
    losses: Number(row?.losses),
    jobsHit: Number(row?.hit),
    seconds: Math.round(took),
    cpuSecondsPerHour: Math.round(cpuSecondsPerHour * 10) / 10,
  };
  writeFileSync(here('../bench/results/jobs.json'), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (states.succeeded !== recordings || report.results !== recordings) process.exitCode = 1;
} finally {
  over = true;
  await Promise.all(workers.map((worker) => killed(worker)));
  await killed(server.child, 'SIGTERM');
  bucket.close();
  await database.remove();
}
