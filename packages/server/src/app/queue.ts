import { VoiceFlowError } from 'voiceflow-ml/core';

export interface QueueOptions {
  /** Jobs that run at once; asked anew each time, since workers come and go. */
  readonly slots: () => number;
  /** Jobs that may wait. */
  readonly maxWaiting: number;
  /** For messages: `window`, `recording`. */
  readonly noun: string;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export interface Ticket {
  /** How much work it is, in a unit in which service time is about linear (1, or bytes of a recording). */
  readonly cost: number;
  /** Milliseconds that the caller is ready to wait for the result, from now. */
  readonly deadlineMs: number;
  /** The deadline is for the start, and again for each step of the work after the one before: see `run`. */
  readonly renewable?: boolean;
  /** Fires when the caller left. */
  readonly signal: AbortSignal;
}

interface Waiting extends Ticket {
  readonly start: () => void;
}

interface Claim {
  readonly cost: number;
  readonly lapses: number;
}

/** A claim counts for so long: whoever sends a body slowly must not keep others out. */
const CLAIM_MS = 100;

/** Weight of the newest service time in the moving average: about the last ten jobs count. */
const EWMA_WEIGHT = 0.2;

/**
 * A bounded queue that refuses early what it could not do in time.
 *
 * A job is admitted when a slot is free, or when fewer than `maxWaiting` wait and the work ahead of it, by the moving
 * average of what a unit of cost took, fits its deadline. It leaves the queue when its deadline passes or its caller
 * leaves; nothing dead is ever started. A running job's slot is free again when its work has settled, which may be
 * later than the answer to a caller whose deadline passed.
 */
export class JobQueue {
  readonly #options: QueueOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  /** Oldest first. */
  readonly #claims = new Set<Claim>();
  #waitingCost = 0;
  #running = 0;
  #msPerCost = 0;

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

  /** @throws `overloaded` if a job with this ticket would be refused now; to be asked before a body is read. */
  assertAdmits(ticket: Pick<Ticket, 'cost' | 'deadlineMs' | 'renewable'>): void {
    this.#admit(ticket, []);
  }

  /**
   * The same for a job whose body is about to come, and which is counted as one that waits until then: without it, all
   * requests that come while one body is on its way are let in for the same place, and refused when they have sent
   * theirs. Gives a function that ends the claim, to be called before `run`.
   * @throws `overloaded`.
   */
  claim(ticket: Pick<Ticket, 'cost' | 'deadlineMs' | 'renewable'>): () => void {
    const now = this.#now();
    for (const claim of this.#claims) {
      if (claim.lapses > now) break;
      this.#claims.delete(claim);
    }
    this.#admit(ticket, [...this.#claims]);
    const claim = { cost: ticket.cost, lapses: now + CLAIM_MS };
    this.#claims.add(claim);
    return () => void this.#claims.delete(claim);
  }

  #admit(ticket: Pick<Ticket, 'cost' | 'deadlineMs' | 'renewable'>, claims: readonly Claim[]): void {
    const free = Math.max(this.#options.slots() - this.#running, 0);
    const ahead = this.#waiting.length + claims.length;
    if (ahead < free) return;
    // The work ahead of it; with a deadline for the result, its own as well.
    const wait = this.#predictMs(
      (ticket.renewable ? 0 : ticket.cost) + claims.reduce((sum, { cost }) => sum + cost, 0),
    );
    const full = ahead - free >= this.#options.maxWaiting;
    if (!full && wait <= ticket.deadlineMs) return;
    const { noun } = this.#options;
    const why = full
      ? `${ahead - free} ${noun} jobs wait, which is the limit`
      : `a ${noun} job would ${ticket.renewable ? 'wait' : 'take'} about ${Math.ceil(wait)} ms now, which is beyond its deadline of ${Math.floor(ticket.deadlineMs)} ms`;
    throw overloaded(why, Math.max(1, Math.ceil(this.#predictMs(0) / 1000)));
  }

  /**
   * Waits for a slot and runs `work`, whose signal fires when the caller leaves or the deadline passes. `work` may call
   * `step` as it gets on: a renewable deadline counts from the last step (or from the arrival, before the first).
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
    const left = new Promise<never>((_, reject) => {
      leave = (reason) => {
        stop.abort(reason);
        reject(reason);
      };
    });
    left.catch(() => {});
    const onAbort = () => leave(callerLeft());
    ticket.signal.addEventListener('abort', onAbort, { once: true });
    let renewed = arrived;
    const step = () => {
      if (ticket.renewable) renewed = this.#now();
    };
    const onTime = () => {
      const left = renewed + ticket.deadlineMs - this.#now();
      if (renewed > arrived && left > 0) timer = setTimeout(onTime, left);
      else leave(deadlineExceeded(this.#now() - arrived, ticket, this.#options.noun));
    };
    let timer = setTimeout(onTime, ticket.deadlineMs);
    try {
      await Promise.race([this.#slot(ticket, stop.signal), left]);
      const waited = this.#now() - arrived;
      return await Promise.race([this.#serve(ticket.cost, () => work(stop.signal, waited, step)), left]);
    } finally {
      clearTimeout(timer);
      ticket.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Starts whatever there are slots for; to be called when slots appear (a worker came). */
  pump(): void {
    while (this.#waiting.length > 0 && this.#running < this.#options.slots()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#waitingCost -= next.cost;
      this.#running++;
      next.start();
    }
  }

  /** Resolves once the job holds a slot; a job that left before is taken out, and rejects nothing by itself. */
  #slot(ticket: Ticket, left: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0 && this.#running < this.#options.slots()) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const entry: Waiting = { ...ticket, start: resolve };
      this.#waiting.push(entry);
      this.#waitingCost += ticket.cost;
      left.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(entry);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        this.#waitingCost -= ticket.cost;
      });
    });
  }

  async #serve<T>(cost: number, work: () => Promise<T>): Promise<T> {
    const started = this.#now();
    try {
      const result = await work();
      const perCost = (this.#now() - started) / Math.max(cost, 1);
      this.#msPerCost += (perCost - this.#msPerCost) * (this.#msPerCost === 0 ? 1 : EWMA_WEIGHT);
      return result;
    } finally {
      this.#running--;
      this.pump();
    }
  }

  #predictMs(cost: number): number {
    return ((this.#waitingCost + cost) * this.#msPerCost) / Math.max(this.#options.slots(), 1);
  }
}

/** Made thousands of times a second when there is too much to do, and never printed: without a stack. */
function overloaded(why: string, retryAfter: number): VoiceFlowError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new VoiceFlowError('overloaded', why, { hint: 'Try again after Retry-After seconds.', retryAfter });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function callerLeft(): VoiceFlowError {
  return new VoiceFlowError('aborted', 'the client closed the request before its answer');
}

function deadlineExceeded(waitedMs: number, { deadlineMs, renewable }: Ticket, noun: string): VoiceFlowError {
  const deadline = `a deadline of ${Math.round(deadlineMs)} ms${renewable ? ' for its start and each step' : ''}`;
  return new VoiceFlowError(
    'deadline-exceeded',
    `the ${noun} job was not done ${Math.round(waitedMs)} ms after its body had arrived, with ${deadline}`,
    { hint: 'Send shorter audio, or raise the deadline (x-deadline-ms, up to the limit of the server).' },
  );
}
