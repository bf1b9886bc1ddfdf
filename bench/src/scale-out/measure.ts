import { closedLoop, warmUp } from '../load/loops.ts';
import { inferTarget } from '../load/target.ts';
import { type ServerUnderTest, startServer } from '../server-under-test.ts';
import { type Balancer, startNginx } from './nginx.ts';

interface ScaleOutOptions {
  readonly nginx: string;
  readonly servers: number;
  readonly requests: number;
  readonly concurrency: number;
  /** Whether to kill one server (SIGKILL) after half of the responses. */
  readonly killOne: boolean;
}

export interface ScaleOutResult {
  readonly servers: number;
  readonly requests: number;
  readonly succeeded: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that nginx retried on a second server. */
  readonly retried: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  /** Responses per server, in descending order. */
  readonly spread: readonly number[];
  /** Whether one server was killed halfway. */
  readonly killed: boolean;
}

/** Loads several server processes of one worker each through nginx with the deployment configuration. */
export async function measureScaleOut(options: ScaleOutOptions): Promise<ScaleOutResult> {
  const servers: ServerUnderTest[] = [];
  let balancer: Balancer | undefined;
  try {
    const starting = Array.from({ length: options.servers }, () => startServer({ workers: 1 }));
    for (const started of await Promise.allSettled(starting)) {
      if (started.status === 'rejected') throw started.reason;
      servers.push(started.value);
    }
    balancer = await startNginx(
      options.nginx,
      servers.map(({ url }) => Number(new URL(url).port)),
    );
    return await loadThrough(balancer, servers, options);
  } finally {
    await balancer?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function loadThrough(
  balancer: Balancer,
  servers: readonly ServerUnderTest[],
  options: ScaleOutOptions,
): Promise<ScaleOutResult> {
  const victim = options.killOne ? servers[0] : undefined;
  using target = inferTarget(balancer.url, options.concurrency);
  let killed = false;
  await warmUp(target, 4 * options.concurrency, options.concurrency);
  const load = await closedLoop(target, {
    requests: options.requests,
    concurrency: options.concurrency,
    onProgress: (done) => {
      if (victim === undefined || killed || done < options.requests / 2) return;
      killed = true;
      victim.kill('SIGKILL');
    },
  });
  let retried = 0;
  const spread = new Map<string, number>();
  for (const [upstreams, count] of Object.entries(load.servedBy)) {
    // nginx lists the servers it tried, in order: `a`, or `a, b` after a failure.
    const tried = upstreams.split(', ');
    if (tried.length > 1) retried += count;
    const last = tried.at(-1) ?? '';
    spread.set(last, (spread.get(last) ?? 0) + count);
  }
  return {
    servers: options.servers,
    requests: load.requests,
    succeeded: load.succeeded,
    failures: load.failures,
    retried,
    throughput: load.throughput,
    p50: load.latency?.p50 ?? Number.NaN,
    p99: load.latency?.p99 ?? Number.NaN,
    spread: [...spread.values()].sort((a, b) => b - a),
    killed,
  };
}
