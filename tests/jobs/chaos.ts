/** Real processes that are killed while they do jobs; short in the tests, long by `scripts/chaos-jobs.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { printed } from '../processes.ts';
import { askPostgres, dataFolder, PostgresServer, temporaryFolder } from './databases.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const FAULTY_WORKER = here('../../packages/server/dist/testing/faulty-worker.js');

const ENVIRONMENT = {
  VOICEFLOW_ALLOW_PRIVATE: '1',
  VOICEFLOW_JOBS_RETRY_SECONDS: '0',
  VOICEFLOW_JOBS_LEASE_SECONDS: '3',
  VOICEFLOW_DRAIN_MS: '5000',
};

type Env = Readonly<Record<string, string>>;

function start(
  program: string,
  args: readonly string[],
  env: Env,
  [runtime = '', ...how]: readonly string[] = [process.execPath],
): ChildProcess {
  // Its standard input ends with this process, and then so does it.
  return spawn(runtime, [...how, here(`programs/${program}.mjs`), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...ENVIRONMENT, ...env },
  });
}

export interface RunningServer {
  readonly url: string;
  readonly child: ChildProcess;
}

/**
 * A server with toy workers.
 * @param data Empty for a database of the environment alone.
 * @param runtime What runs it, with its arguments: this Node by default.
 */
export async function startServer(
  data: string,
  env: Env = {},
  workers = 2,
  runtime?: readonly string[],
): Promise<RunningServer> {
  const child = start('server', [data, String(workers), FAULTY_WORKER], env, runtime);
  return { url: await printed(child, /(http:\S+)\n/), child };
}

/** Instead of a toy: the model that the environment names. */
export const REAL = 'real';

export function startWorker(env: Env, args: readonly string[] = [], how: string = FAULTY_WORKER): ChildProcess {
  const child = start('worker', [how, ...args], env);
  child.stdout?.resume();
  child.stderr?.resume();
  return child;
}

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

export async function killed(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const end = ended(child);
  child.kill(signal);
  await end;
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Submits a recording that is JSON for the toy; again and again until it is accepted, under one idempotency key. */
export async function submit(
  url: () => string,
  orders: object,
  name: string,
  refusals: Map<number, number>,
): Promise<string> {
  for (;;) {
    const response = await fetch(`${url()}/v1/jobs?metadata=${encodeURIComponent(JSON.stringify({ name }))}`, {
      method: 'POST',
      body: JSON.stringify(orders),
      headers: { 'idempotency-key': name },
    }).catch(() => undefined);
    if (response?.status === 202) return ((await response.json()) as { id: string }).id;
    const status = response?.status ?? 0;
    refusals.set(status, (refusals.get(status) ?? 0) + 1);
    await response?.body?.cancel();
    await sleep(100);
  }
}

interface Tally {
  readonly submitted: number;
  /** By state, as the server tells. */
  readonly states: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Waits until all jobs have ended, and counts them. */
export async function tally(
  url: () => string,
  ids: readonly string[],
  begun: number,
  refusals: Map<number, number>,
): Promise<Tally> {
  const states = new Map<string, string>();
  for (const id of ids) {
    for (;;) {
      const job = await fetch(`${url()}/v1/jobs/${id}?wait=10`).then(
        (response) => (response.status === 404 ? { state: 'lost' } : response.ok ? response.json() : undefined),
        () => undefined,
      );
      const { state } = (job ?? {}) as { state?: string };
      if (state !== undefined && state !== 'queued' && state !== 'running') {
        states.set(id, state);
        break;
      }
      if (state === undefined) await sleep(100);
    }
  }
  const count: Record<string, number> = {};
  for (const state of states.values()) count[state] = (count[state] ?? 0) + 1;
  return {
    submitted: new Set(ids).size,
    states: count,
    lost: count.lost ?? 0,
    refusals: Object.fromEntries(refusals),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** One process with its own database, killed again and again with jobs queued and running. */
export async function killServer({ rounds, jobs, ms }: { rounds: number; jobs: number; ms: number }): Promise<Tally> {
  const data = await dataFolder();
  const begun = performance.now();
  const refusals = new Map<number, number>();
  const ids: string[] = [];
  let server: RunningServer | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      const running = await startServer(data);
      server = running;
      const url = () => running.url;
      const orders = { ms: String(ms) };
      const all = Array.from({ length: jobs }, (_, i) => submit(url, orders, `${round}-${i}`, refusals));
      ids.push(...(await Promise.all(all)));
      await sleep(Math.random() * 2 * ms);
      await killed(running.child);
    }
    const last = await startServer(data);
    server = last;
    return await tally(() => last.url, ids, begun, refusals);
  } finally {
    if (server !== undefined) await killed(server.child, 'SIGTERM');
    rmSync(data, { recursive: true, force: true });
  }
}

interface KillWorkers {
  readonly jobs: number;
  readonly workers: number;
  readonly killEveryMs: number;
  /** Times that the database is cut off and started again. */
  readonly restarts: number;
  readonly ms: number;
}

interface WorkerTally extends Tally {
  readonly kills: number;
  readonly results: number;
  /** Answers to `/v1/infer` while everything else went wrong. */
  readonly infer: Readonly<Record<string, number>>;
}

/** A server, a PostgreSQL server and workers, of which one is killed every so often. */
export async function killWorkers(plan: KillWorkers): Promise<WorkerTally> {
  const database = await PostgresServer.start();
  const data = temporaryFolder();
  const env = { VOICEFLOW_DATABASE_URL: database.url, VOICEFLOW_DATA: data };
  const server = await startServer(data, { ...env, VOICEFLOW_API_ONLY: '1' }, 1);
  const url = () => server.url;
  const workers = Array.from({ length: plan.workers }, () => startWorker(env));
  const begun = performance.now();
  const refusals = new Map<number, number>();
  let over = false;
  let kills = 0;
  const infer: Record<string, number> = {};
  const killing = (async () => {
    while (!over) {
      await sleep(plan.killEveryMs);
      if (over) return;
      const at = kills++ % workers.length;
      const victim = workers[at];
      if (victim !== undefined) await killed(victim);
      workers[at] = startWorker(env);
    }
  })();
  const asking = (async () => {
    while (!over) {
      const status = await fetch(`${url()}/v1/infer`, { method: 'POST', body: 'x' }).then(
        async (response) => {
          await response.arrayBuffer();
          return String(response.status);
        },
        () => 'unreachable',
      );
      infer[status] = (infer[status] ?? 0) + 1;
      await sleep(50);
    }
  })();
  try {
    const restarting = (async () => {
      for (let i = 0; i < plan.restarts; i++) {
        await sleep(3 * plan.killEveryMs);
        await database.down();
        await sleep(2_000);
        await database.up();
      }
    })();
    const ids: string[] = [];
    for (let at = 0; at < plan.jobs; at += 20) {
      const batch = Array.from({ length: Math.min(20, plan.jobs - at) }, (_, i) =>
        submit(url, { ms: String(plan.ms) }, `job-${at + i}`, refusals),
      );
      ids.push(...(await Promise.all(batch)));
    }
    await restarting;
    const counted = await tally(url, ids, begun, refusals);
    const results = await askPostgres(database.url, 'select count(*)::int as n from voiceflow.result');
    return { ...counted, kills, results: Number(results[0]?.n), infer };
  } finally {
    over = true;
    await Promise.all([killing, asking]);
    await Promise.all(workers.map((worker) => killed(worker)));
    await killed(server.child, 'SIGTERM');
    await database.remove();
    rmSync(data, { recursive: true, force: true });
  }
}
