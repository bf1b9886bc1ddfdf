import { VoiceFlowError } from 'voiceflow-ml/core';
import { Shares } from './shares.ts';

interface QueueOptions {
  /** Number of requests that may run concurrently. Called each time, because the number of workers changes. */
  readonly slots: () => number;
  /** Most requests that may wait. */
  readonly maxWaiting: number;
  /** The word for messages: `window`, `recording`. */
  readonly noun: string;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export interface Ticket {
  /** Amount of work, in a unit that is roughly proportional to service time (1, or seconds of a recording). */
  readonly cost: number;
  /** Milliseconds from now in which the caller needs the result. */
  readonly deadlineMs: number;
  /** The deadline applies to the start of the work and then to each step, counted from the previous step; see `run`. */
  readonly renewable?: boolean;
  /** With a renewable deadline: limit of the whole work in milliseconds, from its start. */
  readonly workMs?: number;
  /** The client. While several clients send requests, each may use only its share of the waiting places. */
  readonly client?: string | undefined;
  /** Fires when the caller has disconnected. */
  readonly signal: AbortSignal;
}

type AdmissionInput = Omit<Ticket, 'signal'>;

interface Waiting extends Ticket {
  readonly start: () => void;
  readonly leave: (reason: VoiceFlowError) => void;
}

interface Claim {
  readonly cost: number;
  readonly client: string | undefined;
  readonly expiresAt: number;
}

/** Lifetime of a claim in milliseconds, so that a slow sender does not keep others out. */
const CLAIM_MS = 100;

/** Weight of the newest service time in the moving average, which covers about the last ten requests. */
const EWMA_WEIGHT = 0.2;
/** The median of this many recent requests limits the effect of each on the average: to 0.1 to 10 times the median. */
const MEDIAN_OF = 15;
const OUTLIER = 10;
/** Largest `Retry-After`, in seconds. */
const MAX_RETRY_AFTER = 60;

/**
 * A bounded queue of requests for workers. It refuses early requests that it could not finish in time.
 *
 * A request is admitted when a slot is free, or when fewer than `maxWaiting` requests wait and the work ahead of it
 * fits its deadline, estimated by the moving average of the time per unit of cost. It leaves the queue when its
 * deadline passes or its caller disconnects, so it is never started then. The slot of a running request is freed when
 * its work settles, which may be later than the response to a caller whose deadline passed.
 */
export class RequestQueue {
  readonly #options: QueueOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  /** Oldest first. */
  readonly #claims = new Set<Claim>();
  readonly #shares = new Shares();
  #waitingCost = 0;
  #running = 0;
  #msPerCost = 0;
  /** Milliseconds per unit of cost of the last requests, oldest first. */
  readonly #times: number[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get running(): number {
    return this.#running;
  }

  /** @throws `overloaded` if a request with this ticket would be refused now. Called before the body is read. */
  assertAdmits(ticket: AdmissionInput): void {
    this.#admit(ticket, []);
  }

  /**
   * Like `assertAdmits`, for a request whose body has not arrived yet: it counts as waiting until then. Without a
   * claim, all requests that arrive while one body is on its way would be admitted to the same place and refused after
   * sending their bodies.
   * @returns A function that ends the claim; must be called before `run`.
   * @throws `overloaded`.
   */
  claim(ticket: AdmissionInput): () => void {
    const now = this.#now();
    for (const claim of this.#claims) {
      if (claim.expiresAt > now) break;
      this.#unclaim(claim);
    }
    this.#admit(ticket, [...this.#claims]);
    const claim = { cost: ticket.cost, client: ticket.client, expiresAt: now + CLAIM_MS };
    this.#claims.add(claim);
    this.#shares.add(ticket.client, 1);
    return () => this.#unclaim(claim);
  }

  #unclaim(claim: Claim): void {
    if (this.#claims.delete(claim)) this.#shares.add(claim.client, -1);
  }

  #admit(ticket: AdmissionInput, claims: readonly Claim[]): void {
    const beyondShare = this.#shares.isBeyond(ticket.client, this.#options.maxWaiting, this.#now());
    const free = Math.max(this.#options.slots() - this.#running, 0);
    const ahead = this.#waiting.length + claims.length;
    if (ahead < free) return;
    // The work ahead of it, plus its own unless the deadline is renewable.
    const wait = this.#predictMs(
      (ticket.renewable ? 0 : ticket.cost) + claims.reduce((sum, { cost }) => sum + cost, 0),
    );
    const full = ahead - free >= this.#options.maxWaiting;
    if (!full && !beyondShare && wait <= ticket.deadlineMs) return;
    const { noun } = this.#options;
    const why = full
      ? `${ahead - free} ${noun} requests are waiting, which is the limit`
      : beyondShare
        ? `this client has used its share of the queue for ${noun} requests, while other clients are waiting`
        : `a ${noun} request would ${ticket.renewable ? 'wait' : 'take'} about ${Math.ceil(wait)} ms now, more than its deadline of ${Math.floor(ticket.deadlineMs)} ms`;
    const retryAfter = Math.min(Math.max(1, Math.ceil(this.#predictMs(0) / 1000)), MAX_RETRY_AFTER);
    throw new VoiceFlowError('overloaded', why, { hint: 'Try again after Retry-After seconds.', retryAfter });
  }

  /**
   * Waits for a slot and runs `work`, whose signal fires when the caller disconnects or the deadline passes. `work` may
   * call `step` on progress: a renewable deadline counts from the last step, or from the arrival before the first.
   * @throws `overloaded`, `deadline-exceeded`, `aborted`, and whatever `work` throws.
   */
  async run<T>(
    ticket: Ticket,
    work: (signal: AbortSignal, waitedMs: number, step: () => void) => Promise<T>,
  ): Promise<T> {
    if (ticket.signal.aborted) throw callerLeft();
    this.assertAdmits(ticket);
    const arrived = this.#now();
    const stop = new AbortController();
    let leave: (reason: VoiceFlowError) => void = () => {};
    const gaveUp = new Promise<never>((_, reject) => {
      leave = (reason) => {
        stop.abort(reason);
        reject(reason);
      };
    });
    gaveUp.catch(() => {});
    const onAbort = () => leave(callerLeft());
    ticket.signal.addEventListener('abort', onAbort, { once: true });
    let renewed = arrived;
    let over = Number.POSITIVE_INFINITY;
    const step = () => {
      if (ticket.renewable) renewed = this.#now();
    };
    const onTime = () => {
      const remaining = Math.min(renewed + ticket.deadlineMs, over) - this.#now();
      if (renewed > arrived && remaining > 0) timer = setTimeout(onTime, remaining);
      else leave(deadlineExceeded(this.#now() - arrived, ticket, this.#options.noun));
    };
    let timer = setTimeout(onTime, ticket.deadlineMs);
    try {
      await Promise.race([this.#takeSlot(ticket, stop.signal, leave), gaveUp]);
      const waited = this.#now() - arrived;
      if (ticket.renewable && ticket.workMs !== undefined) {
        over = this.#now() + ticket.workMs;
        // Otherwise the timer of the deadline fires first and checks both limits.
        if (ticket.workMs < ticket.deadlineMs) {
          clearTimeout(timer);
          timer = setTimeout(onTime, ticket.workMs);
        }
      }
      return await Promise.race([this.#useSlot(ticket.cost, () => work(stop.signal, waited, step)), gaveUp]);
    } finally {
      clearTimeout(timer);
      ticket.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Refuses all waiting requests, because there will be no slot for them. */
  refuse(reason: VoiceFlowError): void {
    for (const { leave } of [...this.#waiting]) leave(reason);
  }

  /** Starts as many requests as there are slots. Must be called when slots are added (a worker is ready). */
  pump(): void {
    while (this.#waiting.length > 0 && this.#running < this.#options.slots()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#uncount(next);
      this.#running++;
      next.start();
    }
  }

  /** Resolves when the request has a slot. A request that leaves first is removed; this promise then stays pending. */
  #takeSlot(ticket: Ticket, stop: AbortSignal, leave: Waiting['leave']): Promise<void> {
    if (this.#waiting.length === 0 && this.#running < this.#options.slots()) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const entry: Waiting = { ...ticket, start: resolve, leave };
      this.#waiting.push(entry);
      this.#waitingCost += ticket.cost;
      this.#shares.add(ticket.client, 1);
      stop.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(entry);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        this.#uncount(ticket);
      });
    });
  }

  /** Updates the totals when a waiting request has started or left. */
  #uncount({ cost, client }: AdmissionInput): void {
    this.#waitingCost -= cost;
    this.#shares.add(client, -1);
  }

  async #useSlot<T>(cost: number, work: () => Promise<T>): Promise<T> {
    const started = this.#now();
    try {
      const result = await work();
      this.#updateAverage((this.#now() - started) / cost);
      return result;
    } finally {
      this.#running--;
      this.pump();
    }
  }

  /** Updates the average with a request's service time; outliers are clamped. */
  #updateAverage(perCost: number): void {
    const times = this.#times;
    times.push(perCost);
    if (times.length > MEDIAN_OF) times.shift();
    const median = [...times].sort((a, b) => a - b)[times.length >> 1] ?? perCost;
    const bounded = Math.min(Math.max(perCost, median / OUTLIER), median * OUTLIER);
    this.#msPerCost += (bounded - this.#msPerCost) * (this.#msPerCost === 0 ? 1 : EWMA_WEIGHT);
  }

  /** Predicted milliseconds until `cost` units of work behind all waiting requests are done. */
  #predictMs(cost: number): number {
    return ((this.#waitingCost + cost) * this.#msPerCost) / Math.max(this.#options.slots(), 1);
  }
}

function callerLeft(): VoiceFlowError {
  return new VoiceFlowError('aborted', 'the client closed the request before its response');
}

function deadlineExceeded(waitedMs: number, { deadlineMs, renewable }: Ticket, noun: string): VoiceFlowError {
  const deadline = `a deadline of ${Math.round(deadlineMs)} ms${renewable ? ' for its start and each step' : ''}`;
  return new VoiceFlowError(
    'deadline-exceeded',
    `the ${noun} request was not done ${Math.round(waitedMs)} ms after its body had arrived, with ${deadline}`,
    { hint: 'Send shorter audio, or raise the deadline (x-deadline-ms, up to the limit of the server).' },
  );
}
