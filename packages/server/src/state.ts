import type { JobsHost, JobsMount } from '@voiceflow-ml/jobs';
import type { Context } from 'hono';
import type { UpgradeWebSocket } from 'hono/ws';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { RequestQueue, type Ticket } from './admission/request-queue.ts';
import { Strikes } from './admission/strikes.ts';
import type { Engine, Lane } from './engine/engine.ts';
import { type BodyPump, ByteBudget } from './http/body.ts';
import type { Exchange, RuntimeOfContext } from './http/exchange.ts';
import type { LogEntry } from './http/log.ts';
import { type Limits, resolveLimits } from './limits.ts';
import { MetricsRegistry } from './metrics/registry.ts';
import { registerServerMetrics, type ServerMetrics } from './metrics/server-metrics.ts';
import { type ApiKey, KeyRing } from './middleware/auth.ts';
import { Quota } from './middleware/quota.ts';

export interface AppOptions extends RuntimeOfContext {
  readonly engine: Engine;
  readonly version: string;
  readonly limits?: Partial<Limits>;
  /** None: everybody is let in. */
  readonly keys?: readonly ApiKey[];
  /** Requests a minute of each key, or of each address without keys; 0 (default) for no quota. */
  readonly quotaPerMinute?: number;
  /** Origins of pages that may call the server, or `*`. None by default. */
  readonly corsOrigins?: readonly string[];
  /**
   * Names (beside those of loopback) by which the server may be asked in `Host`; any when absent. To be set where
   * whoever reaches the server is let in: any page may give its own name the address of this machine.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Takes one entry a request and a session; nowhere by default. */
  readonly log?: (entry: LogEntry) => void;
  readonly metrics?: MetricsRegistry;
  /** A faster way to read bodies than the web stream, where the runtime has one. */
  readonly pump?: BodyPump;
  /** The runtime's WebSockets; `/v1/stream` answers 501 without them. */
  readonly upgradeWebSocket?: UpgradeWebSocket;
  /** A body with back pressure, where the runtime has a better way than the web stream. */
  readonly openBody?: (c: Context) => AsyncIterable<Uint8Array>;
  /** Routes of jobs: `mountJobs` of `@voiceflow-ml/jobs` on an opened database. */
  readonly jobs?: ((host: JobsHost) => JobsMount) | undefined;
}

/** A live session that is open. */
export interface OpenSession {
  readonly client: string | undefined;
  /** Milliseconds, monotonic: when audio came last. */
  readonly lastAudio: number;
  /** Ends it, and tells its client why. */
  end(reason: 'draining' | 'replaced'): void;
}

/** What all routes share. */
export interface AppState {
  readonly options: AppOptions;
  readonly engine: Engine;
  readonly limits: Limits;
  readonly keys: KeyRing;
  readonly quota: Quota;
  readonly strikes: Strikes;
  readonly queues: Readonly<Record<Lane, RequestQueue>>;
  readonly budget: ByteBudget;
  readonly registry: MetricsRegistry;
  readonly metrics: ServerMetrics;
  readonly sessions: Set<OpenSession>;
  readonly log: (entry: LogEntry) => void;
  draining: boolean;
  /** Requests being answered. */
  active: number;
}

/** @throws `invalid-option` for limits out of range. */
export function createState(options: AppOptions): AppState {
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

/** A deadline, and whether it is renewed by each step of the work. */
export type Deadline = Pick<Ticket, 'deadlineMs' | 'renewable' | 'workMs'>;

/**
 * What the client gives by `x-deadline-ms`, at most the server's limit: from the body's last byte to the answer. Without
 * it, the server's limit; a recording then has as long again after each step, since four hours take minutes.
 * @throws `invalid-option`.
 */
export function deadlineOf(x: Exchange, limitMs: number, lane: Lane, workMs: number): Deadline {
  const header = x.header('x-deadline-ms');
  if (header === undefined) return { deadlineMs: limitMs, renewable: lane === 'recording', workMs };
  if (!/^\d{1,9}$/.test(header) || Number(header) === 0) {
    throw new VoiceFlowError(
      'invalid-option',
      `x-deadline-ms is "${header.slice(0, 20)}", expected a whole number of milliseconds, at least 1`,
    );
  }
  return { deadlineMs: Math.min(Number(header), limitMs) };
}
