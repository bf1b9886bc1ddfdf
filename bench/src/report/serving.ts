import { seededRandom } from 'voiceflow-ml/testing';
import { closedLoop, openLoop, warmUp } from '../load/loops.ts';
import type { LoadResult } from '../load/recorder.ts';
import { runSessions } from '../load/sessions.ts';
import { inferTarget } from '../load/target.ts';
import { measureEndToEnd } from '../network/end-to-end.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

/** The length of each part of the load test. */
export const FULL_PLAN = {
  /** Requests before the measurement, because a server's code is compiled while it runs. */
  warmUp: 6000,
  repeats: 3,
  closedRequests: 2000,
  sweep: [1, 2, 4, 8, 16, 32, 64],
  sweepRequests: 400,
  openShares: [0.5, 0.8, 0.95, 1.5],
  openSeconds: 6,
  sessions: 20,
  sessionSeconds: 15,
  endToEnd: 100,
};

export type ServingPlan = Readonly<typeof FULL_PLAN>;

/** The quick setting only shows that everything works. */
export const QUICK_PLAN: ServingPlan = {
  warmUp: 100,
  repeats: 2,
  closedRequests: 200,
  sweep: [1, 4, 20],
  sweepRequests: 50,
  openShares: [0.5, 1.5],
  openSeconds: 2,
  sessions: 2,
  sessionSeconds: 3,
  endToEnd: 20,
};

/** Throughput at one level of concurrency. */
interface SweepPoint {
  readonly concurrency: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly successRate: number;
}

/** An open loop at a share of the highest throughput. */
interface OpenPoint {
  /** Request rate relative to the highest throughput. 1.5 is 50 % more than the server can handle. */
  readonly share: number;
  readonly rate: number;
  readonly load: LoadResult;
}

/** Load tests of one server, with the generator in another process. */
export type ServingResult = Awaited<ReturnType<typeof measureServing>>;

/** The setting of the first report. */
const CLIENTS = 20;
const FIRST_REQUESTS = 200;
const NETWORK = { rtt: [10, 40], jitter: 2 } as const;
/** Uncounted requests of each new connection, because all connections start at once. */
const WARM_CONNECTIONS = 10;
const CONNECTIONS = 256;
const SEED = 1;

/** Runs all load tests of the report on one server. `note` receives the progress. */
export async function measureServing(
  server: ServerUnderTest,
  workers: number,
  plan: ServingPlan,
  note: (text: string) => void,
  signal?: AbortSignal,
) {
  const target = (connections: number, accept = 'application/octet-stream') =>
    inferTarget(server.url, connections, { headers: { accept } });
  const closed = async (clients: number, requests: number, accept?: string): Promise<LoadResult> => {
    signal?.throwIfAborted();
    using made = target(clients, accept);
    await warmUp(made, WARM_CONNECTIONS * clients, clients);
    return await closedLoop(made, { requests, concurrency: clients, signal });
  };

  note(`load: ${CLIENTS} clients, ${FIRST_REQUESTS} requests, ${plan.repeats} times`);
  await closed(CLIENTS, plan.warmUp);
  const first: LoadResult[] = [];
  while (first.length < plan.repeats) first.push(await closed(CLIENTS, FIRST_REQUESTS));
  note(`load: ${CLIENTS} clients, ${plan.closedRequests} requests`);
  const before = server.usage();
  const main = await closed(CLIENTS, plan.closedRequests);
  const after = server.usage();
  const json = await closed(CLIENTS, FIRST_REQUESTS, 'application/json');
  const single = await closed(1, FIRST_REQUESTS);

  const sweep: SweepPoint[] = [];
  for (const concurrency of plan.sweep) {
    note(`load: ${concurrency} clients`);
    const load = await closed(concurrency, plan.sweepRequests);
    const { throughput, successRate, latency } = load;
    sweep.push({ concurrency, throughput, successRate, p50: latency?.p50 ?? 0, p99: latency?.p99 ?? 0 });
  }
  const peak = Math.max(main.throughput, ...sweep.map(({ throughput }) => throughput));
  const open: OpenPoint[] = [];
  for (const share of plan.openShares) {
    const rate = share * peak;
    note(`load: open loop at ${Math.round(100 * share)} % of the peak`);
    using made = target(CONNECTIONS);
    const options = { rate, seconds: plan.openSeconds, connections: CONNECTIONS, random: seededRandom(SEED) };
    open.push({ share, rate, load: await openLoop(made, options) });
  }
  note(`load: ${plan.sessions} live sessions`);
  const sessions = await runSessions({
    url: server.url,
    sessions: plan.sessions,
    seconds: plan.sessionSeconds,
    seed: SEED,
  });
  note('end to end over the simulated network');
  const endToEnd = (concurrency: number, iterations: number) =>
    measureEndToEnd({ url: server.url, iterations, concurrency, network: NETWORK });
  const alone = await endToEnd(1, plan.endToEnd);
  const loaded = await endToEnd(CLIENTS, 3 * plan.endToEnd);
  return {
    workers,
    /** `CLIENTS` clients, `FIRST_REQUESTS` requests; one result per repeat. */
    first,
    /** `CLIENTS` clients, long enough for a P99.9. */
    closed: main,
    /** The same with JSON responses. */
    json,
    single,
    sweep,
    open,
    sessions,
    /** CPU milliseconds of the server per request, and its memory in megabytes, if the system reports them. */
    cpu:
      before && after && (1000 * (after.cpuSeconds - before.cpuSeconds)) / (main.requests + WARM_CONNECTIONS * CLIENTS),
    rss: after?.rss,
    endToEnd: alone,
    /** `CLIENTS` clients through the same simulated network. */
    endToEndLoaded: loaded,
  };
}
