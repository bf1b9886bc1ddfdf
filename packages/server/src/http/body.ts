import type { Context } from 'hono';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { ChunkList } from './chunk-list.ts';

/** Bytes in memory for all requests together: incoming bodies and outgoing responses. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Opens the account of one request. */
  hold(): { take(bytes: number): void; release(): void } {
    let held = 0;
    return {
      /** @throws `overloaded` when the total would exceed the limit. */
      take: (bytes) => {
        if (this.#used + bytes > this.#limit) {
          throw new VoiceFlowError(
            'overloaded',
            `the bodies and responses of the current requests use all of the ${this.#limit} bytes allowed`,
            { hint: 'Try again after Retry-After seconds.', retryAfter: 1 },
          );
        }
        this.#used += bytes;
        held += bytes;
      },
      /** Returns all bytes, once. */
      release: () => {
        this.#used -= held;
        held = 0;
      },
    };
  }
}

/** Opens the body of a request with back pressure. A runtime may have a better way than the web stream. */
export type OpenBody = (c: Context) => AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Opens the standard `Request.body`; works on every runtime. */
export const openWebStream: OpenBody = (c) => ({
  [Symbol.asyncIterator]() {
    const reader = c.req.raw.body?.getReader();
    const end = { done: true, value: undefined } as const;
    return {
      next: async () => {
        const read = await reader?.read();
        return read === undefined || read.done ? end : read;
      },
      // The stream's own iterator would cancel only after a pending read. Deno waits forever on a kept-alive connection
      // whose body was neither read nor canceled.
      return: async () => {
        await reader?.cancel();
        return end;
      },
    };
  },
});

interface BodyLimits {
  readonly maxBytes: number;
  readonly idleMs: number;
  /** Fires when the client disconnected. */
  readonly signal: AbortSignal;
}

/** A body in memory, in chunks. `release` returns its bytes to the budget, once. */
export interface Body {
  readonly chunks: Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  release(): void;
}

interface CollectOptions extends BodyLimits {
  readonly budget: ByteBudget;
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** The length in the header; NaN or 0 when absent. */
  readonly claimed: number;
  /** Called before the first chunk; throws to refuse the body. */
  readonly onFirst?: () => void;
}

/**
 * Collects a body within its limits and the budget of all bodies.
 * @throws `overloaded`, what `onFirst` throws, and as `streamBody`.
 */
export async function collectBody({ budget, body, claimed, onFirst, ...limits }: CollectOptions): Promise<Body> {
  assertFits(claimed, limits.maxBytes);
  const list = new ChunkList();
  let bytes = 0;
  const { take, release } = budget.hold();
  try {
    for await (const chunk of streamBody(body, limits)) {
      if (bytes === 0) onFirst?.();
      bytes += chunk.byteLength;
      take(chunk.byteLength);
      list.add(chunk);
    }
    return { chunks: list.take(), bytes, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Least bytes per two idle timeouts (a minute): a body that trickles would hold a socket and its place forever. */
const LEAST_BYTES = 1024;

/**
 * Passes on a body with back pressure. Time in which the consumer is busy does not count as a pause of the sender.
 * @throws `audio-too-large`; `deadline-exceeded` when nothing arrives for `idleMs`, or fewer than `LEAST_BYTES` in twice
 * that time; `aborted` when the client disconnected.
 */
export async function* streamBody(
  body: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { maxBytes, idleMs, signal }: BodyLimits,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const iterator = body[Symbol.asyncIterator]();
  let bytes = 0;
  /** Start of the current interval, and the number of bytes received before it. */
  let [startedAt, before] = [performance.now(), 0];
  const wait = waitFor(idleMs, signal);
  try {
    for (;;) {
      const next = iterator.next().catch((cause) => {
        throw cutOff(bytes, cause);
      });
      const { done, value } = await wait.of(next);
      if (done) return;
      bytes += value.byteLength;
      const now = performance.now();
      if (now - startedAt >= 2 * idleMs) {
        if (bytes - before < LEAST_BYTES) throw slowSender(idleMs);
        [startedAt, before] = [now, bytes];
      }
      assertFits(bytes, maxBytes);
      yield value;
    }
  } finally {
    wait.stop();
    // Not awaited: the response must not wait for a slow sender.
    void iterator.return?.().catch(() => {});
  }
}

/** Waits for chunks, each at most `idleMs` and until the client disconnects. Uses one timer for any number of chunks. */
function waitFor(idleMs: number, signal: AbortSignal) {
  let fail: (reason: VoiceFlowError) => void = () => {};
  let since: number | undefined;
  let rechecked = false;
  const check = () => {
    const silent = since === undefined ? 0 : performance.now() - since;
    if (silent >= idleMs && rechecked) return fail(pausingSender(idleMs));
    // After the process was suspended, its timers fire before it has read data that arrived in the meantime.
    rechecked = silent >= idleMs;
    timer = setTimeout(check, rechecked ? 0 : Math.max(1, idleMs - silent));
  };
  let timer = setTimeout(check, idleMs);
  const onDisconnect = () =>
    fail(new VoiceFlowError('aborted', 'the client closed the request before its body was complete'));
  signal.addEventListener('abort', onDisconnect, { once: true });
  return {
    of<T>(next: Promise<T>): Promise<T> {
      since = performance.now();
      return new Promise<T>((resolve, reject) => {
        fail = reject;
        if (signal.aborted) onDisconnect();
        next.then(resolve, reject);
      }).finally(() => {
        since = undefined;
      });
    },
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onDisconnect);
    },
  };
}

/** @throws `audio-too-large`. */
export function assertFits(bytes: number, maxBytes: number): void {
  // NaN is the length of a header that has none.
  if (!(bytes > maxBytes)) return;
  throw new VoiceFlowError('audio-too-large', `the body has ${bytes} bytes or more, the limit is ${maxBytes}`, {
    hint: 'Send a compressed or shorter recording, or raise the limit of the server.',
  });
}

/** @param header `Content-Encoding`. @throws `unsupported-format`. */
export function assertUncompressed(header: string | undefined): void {
  const coding = header?.trim().toLowerCase() ?? 'identity';
  if (coding === '' || coding === 'identity') return;
  throw new VoiceFlowError('unsupported-format', `Content-Encoding is "${coding.slice(0, 20)}", expected none`, {
    hint: 'Send the body uncompressed, without Content-Encoding.',
  });
}

function cutOff(bytes: number, cause: unknown): VoiceFlowError {
  return new VoiceFlowError('aborted', `the body ended after ${bytes} bytes, before it was complete`, { cause });
}

function pausingSender(idleMs: number): VoiceFlowError {
  return new VoiceFlowError('deadline-exceeded', `no data of the body was received for ${Math.round(idleMs)} ms`, {
    hint: WITHOUT_PAUSES,
  });
}

function slowSender(idleMs: number): VoiceFlowError {
  const what = `fewer than ${LEAST_BYTES} bytes of the body were received in ${Math.round(2 * idleMs)} ms`;
  return new VoiceFlowError('deadline-exceeded', what, { hint: WITHOUT_PAUSES });
}

const WITHOUT_PAUSES = 'Send the body without pauses.';
