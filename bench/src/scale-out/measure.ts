import { closedLoop, warmUp } from '../load/loops.ts';
import { inferTarget, type Reply } from '../load/target.ts';
import { type ServerUnderTest, startServer } from '../server-under-test.ts';
import { type Balancer, startNginx } from './nginx.ts';

interface ScaleOutOptions {
  readonly nginx: string;
  readonly servers: number;
  /** Workers of each server. */
  readonly workers: number;
  readonly requests: number;
  readonly concurrency: number;
  /** Whether to kill one server (SIGKILL) after half of the responses. */
  readonly killOne: boolean;
}

export interface ScaleOutResult {
  readonly servers: number;
  readonly workers: number;
  readonly concurrency: number;
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
  /** Responses of the killed server after its death; must be 0. */
  readonly afterDeath: number;
}

/** Loads several server processes through nginx with the deployment configuration. */
export async function measureScaleOut(options: ScaleOutOptions): Promise<ScaleOutResult> {
  const servers: ServerUnderTest[] = [];
  let balancer: Balancer | undefined;
  try {
    const starting = Array.from({ length: options.servers }, () => startServer({ workers: options.workers }));
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
  const served = new Map<string, number>();
  let retried = 0;
  let dead = false;
  let afterDeath = 0;
  const counting = {
    async send(): Promise<Reply> {
      const sentAfterDeath = dead;
      const reply = await target.send();
      // nginx lists the servers it tried, in order: `a`, or `a, b` after a failure.
      const upstreams = (reply.server ?? '').split(',').map((address) => address.trim());
      const last = upstreams[upstreams.length - 1] ?? '';
      if (upstreams.length > 1) retried++;
      if (reply.ok) served.set(last, (served.get(last) ?? 0) + 1);
      if (sentAfterDeath && reply.ok && last !== '' && victim?.url.endsWith(last)) afterDeath++;
      return reply;
    },
  };
  await warmUp(target, 4 * options.concurrency, options.concurrency);
  const load = await closedLoop(counting, {
    requests: options.requests,
    concurrency: options.concurrency,
    onProgress: (done) => {
      if (victim === undefined || dead || done < options.requests / 2) return;
      dead = true;
      victim.kill('SIGKILL');
    },
  });
  const { servers: count, workers, concurrency } = options;
  return {
    servers: count,
    workers,
    concurrency,
    requests: load.requests,
    succeeded: load.succeeded,
    failures: load.failures,
    retried,
    throughput: load.throughput,
    p50: load.latency?.p50 ?? Number.NaN,
    p99: load.latency?.p99 ?? Number.NaN,
    spread: [...served.values()].sort((a, b) => b - a),
    killed: dead,
    afterDeath,
  };
}
