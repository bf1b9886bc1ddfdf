import { counts, figures, ms, percent, summaryLine } from '../format.ts';
import type { LoadResult } from './recorder.ts';

/** The result of a load test as readable text. */
export function formatLoad(result: LoadResult): string {
  const { littlesLaw: law } = result;
  const failures = counts(result.failures);
  const lines = [
    `success     ${result.succeeded} of ${result.requests} (${percent(result.successRate)})${failures && `: ${failures}`}`,
    `throughput  ${figures(result.throughput)} req/s over ${figures(result.seconds)} s`,
    `latency     ${summaryLine(result.latency)}`,
  ];
  if ((result.lateness?.max ?? 0) > 0) {
    lines.push(
      `uncorrected ${summaryLine(result.uncorrected)}  (from the actual send, without correction for coordinated omission)`,
    );
  }
  for (const [part, summary] of Object.entries(result.server)) {
    lines.push(`${part.padEnd(11)} ${summaryLine(summary)}  (reported by the server)`);
  }
  for (const [server, count] of Object.entries(result.servedBy)) lines.push(`served by   ${server}: ${count}`);
  lines.push(
    `Little      λW = ${figures(law.rate)}/s × ${ms(law.meanLatency)} = ${figures(law.implied)}, observed in flight ${figures(law.observed)}: ${law.holds ? 'holds' : 'DOES NOT HOLD'}`,
    `generator   ${ms(result.generatorCpu)} of CPU per request${result.lateness && result.lateness.max > 0 ? `; sent late by ${summaryLine(result.lateness)}` : ''}`,
  );
  return lines.join('\n');
}
