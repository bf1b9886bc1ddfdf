import type { RequestQueue } from '../admission/request-queue.ts';
import type { Engine, Lane } from '../engine/engine.ts';
import type { ByteBudget } from '../http/body.ts';
import { labelText, type MetricsRegistry } from './registry.ts';

/** From under a millisecond (a window's queue) to half a minute (a recording's deadline). */
const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

interface Watched {
  readonly queues: Readonly<Record<Lane, RequestQueue>>;
  readonly budget: ByteBudget;
  readonly sessions: ReadonlySet<unknown>;
  readonly engine: Engine;
}

/** Names follow Prometheus's conventions: base units, `_total` for counters. */
export function registerServerMetrics(registry: MetricsRegistry, { queues, budget, sessions, engine }: Watched) {
  const byLane = (read: (queue: RequestQueue) => number) => () =>
    new Map((['infer', 'recording'] as const).map((lane) => [labelText({ lane }), read(queues[lane])]));
  registry.gauge(
    'voiceflow_queue_depth',
    'Requests waiting for a worker.',
    byLane((queue) => queue.waiting),
  );
  registry.gauge(
    'voiceflow_requests_running',
    'Requests being processed by workers.',
    byLane((queue) => queue.running),
  );
  registry.gauge('voiceflow_body_bytes', 'Bytes of request bodies and responses in memory.', () => budget.used);
  registry.gauge('voiceflow_sessions_active', 'Open live sessions.', () => sessions.size);
  registry.gauge('voiceflow_ready', '1 if at least one worker has loaded its model.', () => Number(engine.ready));
  return {
    /** `outcome`: `ok`, or the code of the problem. */
    requests: registry.counter('voiceflow_requests_total', 'Requests by route and outcome.'),
    refusals: registry.counter('voiceflow_refusals_total', 'Error responses by code.'),
    requestSeconds: registry.histogram(
      'voiceflow_request_duration_seconds',
      'Time from receiving the header of a request to its response, including its body.',
      SECONDS_BUCKETS,
    ),
    queueSeconds: registry.histogram('voiceflow_queue_duration_seconds', 'Time waiting for a worker.', SECONDS_BUCKETS),
    inferenceSeconds: registry.histogram(
      'voiceflow_inference_duration_seconds',
      'Time in the network, for all windows of a request.',
      SECONDS_BUCKETS,
    ),
    audioSeconds: registry.counter('voiceflow_audio_seconds_total', 'Seconds of audio processed.'),
    liveEvents: registry.counter('voiceflow_live_events_total', 'Events sent to live sessions, by type.'),
  };
}
