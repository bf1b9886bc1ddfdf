import { closedLoop, warmUp } from '../load/loops.ts';
import type { LoadResult } from '../load/recorder.ts';
import { inferTarget } from '../load/target.ts';
import { judgeLoad, type Verdict } from '../sla.ts';
import { type Summary, summarize } from '../stats/summary.ts';
import type { NetworkOptions } from './model.ts';
import { startProxy } from './proxy.ts';

interface EndToEndOptions {
  readonly url: string;
  readonly iterations: number;
  readonly concurrency: number;
  readonly network: NetworkOptions;
}

/** Milliseconds of each part of a request. The parts add up to the total for each request, but not for percentiles. */
interface Breakdown {
  /** Everything outside the server: the simulated network, loopback, both HTTP ends. */
  readonly network: number;
  /** The server's own share: reading, decoding, responding. */
  readonly server: number;
  readonly queue: number;
  readonly model: number;
}

export interface EndToEndResult {
  readonly network: NetworkOptions;
  readonly concurrency: number;
  readonly load: LoadResult;
  /** Each part's own percentiles. */
  readonly parts: Readonly<Partial<Record<keyof Breakdown, Summary>>>;
  readonly verdicts: readonly Verdict[];
}

const PARTS = ['network', 'server', 'queue', 'model'] as const;
/** Seed of the network's delays. */
const SEED = 1;

/**
 * Sends requests through the simulated network and breaks down the time of each.
 * @throws `invalid-option` for a bad address.
 */
export async function measureEndToEnd(options: EndToEndOptions): Promise<EndToEndResult> {
  const server = new URL(options.url);
  await using proxy = await startProxy({
    ...options.network,
    targetHost: server.hostname,
    targetPort: Number(server.port || 80),
    seed: SEED,
  });
  const path = server.pathname === '/' ? '/v1/infer' : server.pathname;
  using target = inferTarget(proxy.url + path, options.concurrency);
  const samples: Breakdown[] = [];
  await warmUp(target, 2 * options.concurrency, options.concurrency);
  const load = await closedLoop(target, {
    requests: options.iterations,
    concurrency: options.concurrency,
    onReply: (reply, latency) => void (reply.ok && samples.push(breakDown(latency, reply.timing))),
  });
  const { network, concurrency } = options;
  const parts = Object.fromEntries(PARTS.map((part) => [part, summarize(samples.map((sample) => sample[part]))]));
  return { network, concurrency, load, parts, verdicts: judgeLoad(load) };
}

/** @param total Milliseconds measured by the client. */
export function breakDown(total: number, timing: Readonly<Record<string, number>>): Breakdown {
  const queue = timing.queue ?? 0;
  const model = timing.model ?? 0;
  const inServer = timing.total ?? queue + model;
  return { network: total - inServer, server: inServer - queue - model, queue, model };
}
