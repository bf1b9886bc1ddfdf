import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import type { PoolEngine } from '../../engine/processes/pool-engine.ts';
import { labelText, type MetricsRegistry } from '../../metrics/registry.ts';

/** Period of the timer whose delay is measured. Node's report includes the period itself. */
const LAG_RESOLUTION_MS = 10;

/** Metrics: memory, delay of the event loop, and replaced workers. */
export function registerProcessMetrics(metrics: MetricsRegistry, pool: PoolEngine): void {
  metrics.gauge(
    'process_resident_memory_bytes',
    'Resident memory of the server, without its workers.',
    () => process.memoryUsage().rss,
  );
  metrics.counterOf('voiceflow_worker_restarts_total', 'Workers restarted after they ended.', () => pool.restarts);
  if (typeof monitorEventLoopDelay !== 'function' || 'Deno' in globalThis) return;
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  metrics.gauge('voiceflow_event_loop_lag_seconds', 'Delay of the event loop since the last scrape.', () => {
    const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION_MS) / 1000;
    const values = new Map([
      [labelText({ quantile: '0.5' }), lag(delay.percentile(50))],
      [labelText({ quantile: '0.99' }), lag(delay.percentile(99))],
      [labelText({ quantile: '1' }), lag(delay.max)],
    ]);
    delay.reset();
    return values;
  });
}
