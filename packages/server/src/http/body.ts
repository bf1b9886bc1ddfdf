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

/**
 * Reads a request's body chunk by chunk. Resolves at the end of the body. When `onChunk` throws or the signal fires, it
 * stops reading and rejects with that error or the signal's reason.
 */
export type ReadBody = (onChunk: (chunk: Uint8Array<ArrayBuffer>) => void, signal: AbortSignal) => Promise<void>;

/** `ReadBody` for a Hono request. A runtime may provide a faster implementation than the web stream. */
export type BodyPump = (c: Context, ...read: Parameters<ReadBody>) => Promise<void>;

/** Reads the standard `Request.body`; works on every runtime. */
export const pumpWebStream: BodyPump = async (c, onChunk, signal) => {
  const reader = c.req.raw.body?.getReader();
  if (reader === undefined) return;
  const onAbort = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw signal.reason;
      if (done) return;
      onChunk(value);
    }
  } catch (error) {
    // Deno waits forever on a kept-alive connection whose body was neither read nor canceled. Not awaited, because the
    // response must not wait for a slow sender.
    void reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

interface CollectOptions {
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly budget: ByteBudget;
  readonly read: ReadBody;
  /** The length in the header; NaN or 0 when absent. */
  readonly claimed: number;
  /** Called before the first chunk; throws to refuse the body. */
  readonly onFirst?: () => void;
  /** Fires when the client disconnected. */
  readonly signal: AbortSignal;
}

/** A body in memory, in chunks. `release` returns its bytes to the budget, once. */
export interface Body {
  readonly chunks: Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  release(): void;
}

/**
 * Collects a body within its size limit, the budget of all bodies and the idle timeout.
 * @throws `audio-too-large`, `overloaded`, `deadline-exceeded` (idle for `idleMs`, or too slow), `aborted`.
 */
export async function collectBody(options: CollectOptions): Promise<Body> {
  assertFits(options.claimed, options.maxBytes);
  const list = new ChunkList();
  let bytes = 0;
  const { take, release } = options.budget.hold();
  const idle = watchIdle(options);
  try {
    await options.read((chunk) => {
      idle.touch(chunk.byteLength);
      if (bytes === 0) options.onFirst?.();
      bytes += chunk.byteLength;
      assertFits(bytes, options.maxBytes);
      take(chunk.byteLength);
      list.add(chunk);
    }, idle.signal);
    return { chunks: list.take(), bytes, release };
  } catch (error) {
    release();
    if (VoiceFlowError.isInstance(error)) throw error;
    throw cutOff(bytes, error);
  } finally {
    idle.stop();
  }
}

/** Least bytes per two idle timeouts (a minute): a body that trickles would hold a socket and its place forever. */
export const LEAST_BYTES = 1024;

/**
 * A signal that fires when `touch` was not called for `idleMs`, when too few bytes arrived in twice that time, or when
 * the client disconnected. Uses one timer for any number of chunks.
 */
function watchIdle({ idleMs, signal }: CollectOptions): {
  signal: AbortSignal;
  touch(bytes: number): void;
  stop(): void;
} {
  const controller = new AbortController();
  const onDisconnect = () =>
    controller.abort(new VoiceFlowError('aborted', 'the client closed the request before its body was complete'));
  let last = performance.now();
  /** Start of the current interval, and the number of bytes since then. */
  let [startedAt, received] = [last, 0];
  let rechecked = false;
  const check = () => {
    const now = performance.now();
    const silent = now - last;
    const tooSlow = now - startedAt >= 2 * idleMs && received < LEAST_BYTES;
    const late = silent >= idleMs || tooSlow;
    if (late && !rechecked) {
      // After the process was suspended, its timers fire before it has read data that arrived in the meantime; check
      // again.
      rechecked = true;
      timer = setTimeout(check, 0);
      return;
    }
    rechecked = false;
    if (now - startedAt >= 2 * idleMs) [startedAt, received] = [now, 0];
    if (!late) {
      timer = setTimeout(check, Math.max(1, idleMs - silent));
      return;
    }
    controller.abort(tooSlow ? slowSender(idleMs) : pausingSender(idleMs));
  };
  let timer = setTimeout(check, idleMs);
  if (signal.aborted) onDisconnect();
  signal.addEventListener('abort', onDisconnect, { once: true });
  return {
    signal: controller.signal,
    touch: (bytes) => {
      last = performance.now();
      received += bytes;
    },
    stop: () => {
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

export function cutOff(bytes: number, cause: unknown): VoiceFlowError {
  return new VoiceFlowError('aborted', `the body ended after ${bytes} bytes, before it was complete`, { cause });
}

export function pausingSender(idleMs: number): VoiceFlowError {
  return new VoiceFlowError('deadline-exceeded', `no data of the body was received for ${Math.round(idleMs)} ms`, {
    hint: WITHOUT_PAUSES,
  });
}

export function slowSender(idleMs: number): VoiceFlowError {
  const what = `fewer than ${LEAST_BYTES} bytes of the body were received in ${Math.round(2 * idleMs)} ms`;
  return new VoiceFlowError('deadline-exceeded', what, { hint: WITHOUT_PAUSES });
}

const WITHOUT_PAUSES = 'Send the body without pauses.';
