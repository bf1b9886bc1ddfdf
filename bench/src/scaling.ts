import { invalidOption } from 'voiceflow-ml/core';
import { figures, ms, percent } from './format.ts';
import { table } from './report/markdown.ts';
import type { Report } from './report/types.ts';
import { type JobsReport, renderJobs } from './scaling-jobs.ts';

/** The measured cost of requests. */
interface CoreCost {
  /** CPU milliseconds of all processes of the server per request. */
  readonly server: number;
  /** Share of the network in a single client's time in the server, 0–1; both from the same requests. */
  readonly network: number;
  /** Milliseconds for which a request occupies a worker: the network and the work around it, on an idle core. */
  readonly service: number;
  /** Memory of a server in megabytes, and its number of workers. */
  readonly memory: number;
  readonly workers: number;
}

/** The resources for a rate of requests. */
interface Requirement {
  readonly rate: number;
  readonly cores: number;
  /** Machines with `CORES_A_MACHINE` cores, including the spare one. */
  readonly machines: number;
  /** Total gigabytes. */
  readonly memory: number;
  /** Uploads in megabits per second. */
  readonly uplink: number;
  /** Mean number of requests in the workers, by Little's law. */
  readonly underWay: number;
  /** Mean wait for a worker of one machine, in milliseconds. */
  readonly wait: number;
}

/** A common machine size, in real cores: half of the cores that many clouds offer are hyper-threads. */
const CORES_A_MACHINE = 8;
/** Planned utilization of cores: at 100 % a queue grows without bound. */
const BUSY = 0.7;
/** Spare machines, so that one may fail or be replaced. */
const SPARE = 1;
/** Bytes of a request: 48,000 float32 and the headers. */
const REQUEST_BYTES = 192_400;
const RATES = [1_000, 10_000, 100_000] as const;

/** Undefined when the report lacks the server's cost. */
export function coreCost(report: Report): CoreCost | undefined {
  const { serving } = report;
  const { model, total } = serving?.single.server ?? {};
  if (serving?.cpu === undefined || serving.rss === undefined || model === undefined || total === undefined) {
    return undefined;
  }
  // Means of the same requests, so that the network's time is a part of the total.
  const network = model.mean / total.mean;
  if (!(network > 0 && network <= 1)) {
    const found = `${model.mean} ms in the network of ${total.mean} ms in the server`;
    throw invalidOption(`the report contradicts itself: a lone request is ${found}`);
  }
  return { server: serving.cpu, network, service: total.p50, memory: serving.rss, workers: serving.workers };
}

/** @param rate Requests per second. */
export function requirement(rate: number, cost: CoreCost): Requirement {
  const busy = (rate * cost.server) / 1000;
  const machines = Math.ceil(busy / BUSY / CORES_A_MACHINE) + SPARE;
  const share = rate / (machines - SPARE);
  return {
    rate,
    cores: Math.ceil(busy / BUSY),
    machines,
    memory: (machines * CORES_A_MACHINE * (cost.memory / cost.workers)) / 1024,
    uplink: (rate * REQUEST_BYTES * 8) / 1e6,
    underWay: (rate * cost.service) / 1000,
    wait: erlangWait(share, cost.server, CORES_A_MACHINE),
  };
}

/**
 * Mean wait for one of `servers` when requests arrive randomly and take `service` milliseconds each, by Erlang's
 * formula (M/M/c). It is an upper bound here, because the network takes nearly the same time for every request.
 * @param rate Requests per second.
 * @returns Milliseconds; infinite at or above the servers' capacity.
 */
export function erlangWait(rate: number, service: number, servers: number): number {
  const offered = (rate * service) / 1000;
  if (offered >= servers) return Number.POSITIVE_INFINITY;
  // Erlang B by recursion, then Erlang C from it, to avoid factorials that overflow.
  let blocking = 1;
  for (let server = 1; server <= servers; server++) blocking = (offered * blocking) / (server + offered * blocking);
  const waiting = blocking / (1 - (offered / servers) * (1 - blocking));
  return (waiting * service) / (servers - offered);
}

/**
 * Renders `docs/scaling.md` from one report and the measurement of jobs. Undefined when the report lacks the server's
 * cost.
 */
export function renderScaling(report: Report, jobs?: JobsReport): string | undefined {
  const cost = coreCost(report);
  if (cost === undefined) return undefined;
  const rows = RATES.map((rate) => {
    const need = requirement(rate, cost);
    return [
      rate.toLocaleString('en'),
      need.cores.toLocaleString('en'),
      `${need.machines}`,
      `${figures(need.memory)} GB`,
      `${figures(need.uplink)} Mbit/s`,
      figures(need.underWay),
      `≤ ${ms(need.wait)}`,
    ];
  });
  const { machine, noise } = report;
  return `# Capacity planning

Computed by \`npm run bench -- --docs\` (or \`npm run bench -- scaling\`) from [the report of ${report.date.slice(0, 10)}](../bench/results/latest.md); this page is generated. Run \`npm run bench\` on your own machines to compute the page for them.

## Measured, on ${machine.cores} × ${machine.cpu}
- A request of one second of audio costs the server ${ms(cost.server)} of CPU.
- That is ${figures(1000 / cost.server)} requests a second for each core, if it does nothing else.
- A single request spends ${ms(cost.service)} in the server, ${percent(cost.network)} of that in the network; the server and its ${cost.workers} workers together use ${figures(cost.memory)} MB of memory.
- The machine was ${noise.verdict}.

## Computed
Assumptions: cores are ${percent(BUSY)} busy (at 100 % the queue grows without bound); machines have ${CORES_A_MACHINE} cores; there is ${SPARE} machine more than needed, so that one may fail; requests arrive at random.

${table(['req/s', 'cores', 'machines', 'memory', 'uploads', 'in progress (Little)', 'mean wait (Erlang C)'], rows)}

- The cost of a request is CPU time, and requests are independent: capacity grows with the number of machines, as long as the network in front of them keeps up. On the machine of the report, servers behind nginx shared its ${machine.cores} cores with nginx and the load generator${sharing(report)}. We had no further machines, so the table is computed, not measured.
- Raw float32 at 48 kHz is ${figures((REQUEST_BYTES * 8) / 1e6)} Mbit a request: beyond some thousands of requests a second plan the network cards and the load balancers first, not the cores. 16-bit WAV halves this; 16 kHz reduces it to a sixth.
- A load balancer forwards every upload: it needs twice the bandwidth of the column "uploads", in and out. Several of them can share it behind DNS or a network load balancer.
- Scale on queue depth (\`deploy/kubernetes/autoscaling.yaml\`): CPU usage does not distinguish a busy server from an overloaded one.
${jobs === undefined ? '' : renderJobs(jobs)}`;
}

function sharing(report: Report): string {
  const [one] = (report.scaleOut ?? []).filter((result) => result.servers === 1);
  const two = (report.scaleOut ?? []).find((result) => result.servers === 2);
  if (one === undefined || two === undefined) return '';
  return `: one server gave ${figures(one.throughput)} req/s, two ${figures(two.throughput)}`;
}
