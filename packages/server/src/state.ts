import type { JobsHost, JobsMount } from '@voiceflow-ml/jobs';
import type { Context } from 'hono';
import type { UpgradeWebSocket } from 'hono/ws';
import { type ApiKey, KeyRing } from './admission/auth.ts';
import { Quota } from './admission/quota.ts';
import { RequestQueue } from './admission/request-queue.ts';
import { Strikes } from './admission/strikes.ts';
import type { Engine, Lane } from './engine/engine.ts';
import { ByteBudget, type OpenBody } from './http/body.ts';
import type { LogEntry } from './http/log.ts';
import { type Limits, resolveLimits } from './limits.ts';
import { MetricsRegistry } from './metrics/registry.ts';
import { registerServerMetrics } from './metrics/server-metrics.ts';

export interface AppOptions {
  readonly engine: Engine;
  readonly version: string;
  readonly limits?: Partial<Limits>;
  /** API keys. Without keys all requests are allowed. */
  readonly keys?: readonly ApiKey[];
  /** Requests per minute for each key, or for each address without keys; 0 (default) for no quota. */
  readonly quotaPerMinute?: number;
  /** Origins of pages that may call the server, or `*`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /**
   * Allowed names in `Host`, besides those of loopback; any when absent. Should be set when the server has no keys,
   * because any web page can point its own host name to this machine.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Receives one log entry per request and per session. Default: no log. */
  readonly log?: (entry: LogEntry) => void;
  readonly metrics?: MetricsRegistry;
  /** The runtime's WebSockets. Without them, `/v1/stream` responds with 501. */
  readonly upgradeWebSocket?: UpgradeWebSocket;
  /** Opens a body with back pressure, if the runtime has a better way than the web stream. */
  readonly openBody?: OpenBody;
  /** The address of a request's client, if the runtime provides it. */
  readonly clientAddress?: ((c: Context) => string | undefined) | undefined;
  /** Calls back when the response was sent or the client disconnected; returns undefined if the runtime cannot tell. */
  readonly whenSent?: ((c: Context, then: () => void) => unknown) | undefined;
  /** Routes of jobs: `mountJobs` of `@voiceflow-ml/jobs` on an opened database. */
  readonly jobs?: ((host: JobsHost) => JobsMount) | undefined;
}

/** An open live session. */
export interface OpenSession {
  readonly client: string | undefined;
  /** When audio was last received, in monotonic milliseconds. */
  readonly lastAudio: number;
  /** Ends the session and sends the reason to its client. */
  end(reason: 'draining' | 'replaced'): void;
}

/** The state shared by all routes. */
export type AppState = ReturnType<typeof createState>;

/** @throws `invalid-option` for limits out of range. */
export function createState(options: AppOptions) {
  const { engine } = options;
  const limits = resolveLimits(options.limits);
  const queue = (lane: Lane, noun: string) =>
    new RequestQueue({ slots: () => engine.info?.slots[lane] ?? 0, maxWaiting: limits.queueRequests, noun });
  const registry = options.metrics ?? new MetricsRegistry();
  const queues = { infer: queue('infer', 'window'), recording: queue('recording', 'recording') };
  engine.onChange(() => {
    for (const each of Object.values(queues)) {
      if (engine.failure === undefined) each.pump();
      else each.refuse(engine.failure);
    }
  });
  const sessions = new Set<OpenSession>();
  const budget = new ByteBudget(limits.queueBytes);
  return {
    options,
    engine,
    limits,
    keys: new KeyRing(options.keys ?? []),
    quota: new Quota(options.quotaPerMinute ?? 0),
    strikes: new Strikes(),
    queues,
    budget,
    registry,
    metrics: registerServerMetrics(registry, { queues, budget, sessions, engine }),
    sessions,
    log: options.log ?? (() => {}),
    draining: false,
    active: 0,
  };
}
