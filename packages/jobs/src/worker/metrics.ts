/** The part of the server's metrics registry that jobs use. */
export interface Registry {
  counter(name: string, help: string): { add(amount: number, labels?: Readonly<Record<string, string>>): void };
  gauge(name: string, help: string, read: () => number | ReadonlyMap<string, number>): void;
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
  ): { observe(value: number, labels?: Readonly<Record<string, string>>): void };
}

export type JobMetrics = ReturnType<typeof jobMetrics>;

const WAIT_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];

/** Metrics of this process's work. The gauges of `mountJobs` describe the whole queue. */
export function jobMetrics(registry: Registry) {
  const wait = registry.histogram(
    'voiceflow_job_wait_seconds',
    'Time from when a job was due to its start.',
    WAIT_BUCKETS,
  );
  const ended = registry.counter('voiceflow_jobs_ended_total', 'Jobs that ended on this worker, by state.');
  const audio = registry.counter(
    'voiceflow_job_audio_seconds_total',
    'Seconds of audio of jobs that succeeded on this worker.',
  );
  const retries = registry.counter('voiceflow_job_retries_total', 'Jobs requeued by this worker after a failure.');
  const webhooks = registry.counter('voiceflow_webhooks_total', 'Webhook calls by this worker, by outcome.');
  return {
    waited: (seconds: number) => wait.observe(seconds),
    ended: (state: 'succeeded' | 'failed', seconds: number) => {
      ended.add(1, { state });
      audio.add(seconds);
    },
    retried: () => retries.add(1),
    delivered: (outcome: 'ok' | 'failed' | 'given-up') => webhooks.add(1, { outcome }),
  };
}

export const NO_METRICS: JobMetrics = { waited() {}, ended() {}, retried() {}, delivered() {} };
