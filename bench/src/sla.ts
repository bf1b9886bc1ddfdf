/** One promise, and whether it was kept. */
export interface Verdict {
  readonly name: string;
  readonly limit: string;
  /** Undefined when it was not measured: then it is not kept either. */
  readonly measured?: number;
  readonly unit: string;
  readonly kept: boolean;
}

export interface SlaFigures {
  /** P99 of the time the server spends in the network under load, milliseconds. */
  readonly modelP99: number | undefined;
  /** P99 from the client's send to its answer, milliseconds. */
  readonly endToEndP99: number | undefined;
  /** Share of requests answered well, 0–1. */
  readonly successRate: number | undefined;
}

/** What the first report promised. */
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

/** A time that must stay below a limit, milliseconds. */
export function below(name: string, measured: number | undefined, limit: number): Verdict {
  const kept = measured !== undefined && measured < limit;
  return { name, limit: `< ${limit} ms`, unit: 'ms', measured, kept };
}
