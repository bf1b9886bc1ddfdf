import type { BenchIo } from './command.ts';
import { figures } from './format.ts';
import type { LoadResult } from './load/recorder.ts';

/** A target, and whether it was met. */
export interface Verdict {
  readonly name: string;
  readonly limit: string;
  /** Undefined when it was not measured; then the target is not met. */
  readonly measured?: number;
  readonly unit: string;
  readonly kept: boolean;
}

interface SlaFigures {
  /** P99 of the time the server spends in the network under load, milliseconds. */
  readonly modelP99: number | undefined;
  /** P99 from the client's send to the response, milliseconds. */
  readonly endToEndP99: number | undefined;
  /** Share of successful requests, 0–1. */
  readonly successRate: number | undefined;
}

/** The targets of the first report. */
export const SLA = { modelP99: 10, endToEndP99: 100, successRate: 1 } as const;

export function judge(figures: SlaFigures): Verdict[] {
  return [
    below('model P99 under load', figures.modelP99, SLA.modelP99),
    below('end-to-end P99', figures.endToEndP99, SLA.endToEndP99),
    {
      name: 'success rate',
      limit: '100 %',
      unit: '%',
      measured: figures.successRate && 100 * figures.successRate,
      kept: figures.successRate !== undefined && figures.successRate >= SLA.successRate,
    },
  ];
}

export function judgeLoad({ server, latency, successRate }: LoadResult): Verdict[] {
  return judge({ modelP99: server.model?.p99, endToEndP99: latency?.p99, successRate });
}

/** The verdict for a time in milliseconds that must stay below a limit. */
export function below(name: string, measured: number | undefined, limit: number): Verdict {
  const kept = measured !== undefined && measured < limit;
  return { name, limit: `< ${limit} ms`, unit: 'ms', measured, kept };
}

export function atMost(name: string, measured: number | undefined, limit: number, unit: string): Verdict {
  const kept = measured !== undefined && measured <= limit;
  return { name, limit: `≤ ${figures(limit)} ${unit}`, unit, kept, measured };
}

export function atLeast(name: string, measured: number | undefined, limit: number, unit: string): Verdict {
  const kept = measured !== undefined && measured >= limit;
  return { name, limit: `≥ ${figures(limit)} ${unit}`, unit, kept, measured };
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ name, limit, measured, unit, kept }) => {
      const found = measured === undefined ? 'not measured' : `${figures(measured)} ${unit}`;
      return `${kept ? 'kept  ' : 'MISSED'}  ${name} ${limit}: ${found}`;
    })
    .join('\n');
}

/** The exit code: 1 when a target was missed. */
export function exitCode(verdicts: readonly Verdict[]): number {
  return verdicts.every(({ kept }) => kept) ? 0 : 1;
}

/** Prints the verdicts. @returns The exit code. */
export function conclude(io: BenchIo, verdicts: readonly Verdict[]): number {
  io.out(`\n${formatVerdicts(verdicts)}`);
  return exitCode(verdicts);
}
