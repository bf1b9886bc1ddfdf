import type { Context } from 'hono';
import { VoiceFlowError } from 'voiceflow-ml/core';

/** Bytes held in memory for all requests together: bodies on their way in, and answers on their way out. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** @throws `overloaded` when all of them together would be beyond the limit. */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new VoiceFlowError(
        'overloaded',
        `the bodies and answers of the requests under way fill the ${this.#limit} bytes for them`,
        {
          hint: 'Try again after Retry-After seconds.',
          retryAfter: 1,
        },
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * Reads a request's body chunk by chunk. Resolves at the end of the body. Stops reading and rejects with what
 * `onChunk` throws, or with the signal's reason.
 */
export type ReadBody = (onChunk: (chunk: Uint8Array<ArrayBuffer>) => void, signal: AbortSignal) => Promise<void>;

/** The same of the request that Hono carries. Each runtime may bring a faster one than the web stream. */
export type BodyPump = (c: Context, ...read: Parameters<ReadBody>) => Promise<void>;

/** Reads the standard `Request.body`, on every runtime. */
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
    // Deno waits for ever on a kept-alive connection whose body was neither read nor cancelled. Not awaited: the
    // answer must not wait for a sender that is slow.
    void reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

export interface CollectOptions {
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly budget: ByteBudget;
  readonly read: ReadBody;
  /** The length that the header announces; NaN or 0 when it does not. */
  readonly claimed: number;
  /** Called before the first chunk is taken; what it throws refuses the body. */
  readonly onFirst?: () => void;
  /** Fires when the client left. */
  readonly signal: AbortSignal;
}

/** Chunks smaller than this are copied together: a body that comes in bytes must not become an object a byte. */
const SMALL_CHUNK = 8 * 1024;
const BLOCK_BYTES = 64 * 1024;

/** Keeps large chunks as they are, and packs small ones into blocks. */
class ChunkList {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #block = new Uint8Array(0);
  #filled = 0;

  add(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.length >= SMALL_CHUNK) {
      this.#seal();
      this.#chunks.push(chunk);
      return;
    }
    if (this.#filled + chunk.length > this.#block.length) {
      this.#seal();
      this.#block = new Uint8Array(BLOCK_BYTES);
    }
    this.#block.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  finish(): Uint8Array<ArrayBuffer>[] {
    this.#seal();
    return this.#chunks;
  }

  #seal(): void {
    if (this.#filled > 0) this.#chunks.push(this.#block.subarray(0, this.#filled));
    this.#block = new Uint8Array(0);
    this.#filled = 0;
  }
}

/** A body in memory, as the chunks that came; `release` gives its bytes back to the budget, once. */
export interface Body {
  readonly chunks: Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  release(): void;
}

/**
 * Collects a body within its limit, within the budget of all bodies, and without waiting for a silent sender.
 * @throws `audio-too-large`, `overloaded`, `deadline-exceeded` (nothing came for `idleMs`), `aborted`.
 */
export async function collectBody(options: CollectOptions): Promise<Body> {
  const { claimed } = options;
  if (claimed > options.maxBytes) throw tooLarge(claimed, options.maxBytes);
  const list = new ChunkList();
  let bytes = 0;
  let held = 0;
  const release = () => {
    options.budget.give(held);
    held = 0;
  };
  const idle = watchIdle(options);
  try {
    await options.read((chunk) => {
      idle.touch(chunk.byteLength);
      if (bytes === 0) options.onFirst?.();
      bytes += chunk.byteLength;
      if (bytes > options.maxBytes) throw tooLarge(bytes, options.maxBytes);
      options.budget.take(chunk.byteLength);
      held += chunk.byteLength;
      list.add(chunk);
    }, idle.signal);
    return { chunks: list.finish(), bytes, release };
  } catch (error) {
    release();
    if (VoiceFlowError.isInstance(error)) throw error;
    throw new VoiceFlowError('aborted', `the body ended after ${bytes} bytes, before it was complete`, {
      cause: error,
    });
  } finally {
    idle.stop();
  }
}

/** Bytes that must come in each two idle times (a minute): a body that drips holds a socket and its place for ever. */
const LEAST_BYTES = 1024;

/**
 * A signal that fires when nothing was touched for `idleMs` or too little in twice as long, or the client left. One
 * timer however many chunks.
 */
function watchIdle({ idleMs, signal }: CollectOptions): {
  signal: AbortSignal;
  touch(bytes: number): void;
  stop(): void;
} {
  const controller = new AbortController();
  const onLeave = () =>
    controller.abort(new VoiceFlowError('aborted', 'the client closed the request before its body was complete'));
  let last = performance.now();
  /** Since when, and how many bytes since then. */
  let [begun, came] = [last, 0];
  let doubted = false;
  const check = () => {
    const now = performance.now();
    const silent = now - last;
    const dripping = now - begun >= 2 * idleMs && came < LEAST_BYTES;
    const late = silent >= idleMs || dripping;
    if (late && !doubted) {
      // A process that did not run for so long finds its timers due before it has read what came meanwhile.
      doubted = true;
      timer = setTimeout(check, 0);
      return;
    }
    doubted = false;
    if (now - begun >= 2 * idleMs) [begun, came] = [now, 0];
    if (!late) {
      timer = setTimeout(check, Math.max(1, idleMs - silent));
      return;
    }
    const what = dripping
      ? `fewer than ${LEAST_BYTES} bytes of the body came in ${Math.round(2 * idleMs)} ms`
      : `no byte of the body came for ${Math.round(idleMs)} ms`;
    controller.abort(new VoiceFlowError('deadline-exceeded', what, { hint: 'Send the body without pauses.' }));
  };
  let timer = setTimeout(check, idleMs);
  if (signal.aborted) onLeave();
  signal.addEventListener('abort', onLeave, { once: true });
  return {
    signal: controller.signal,
    touch: (bytes) => {
      last = performance.now();
      came += bytes;
    },
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onLeave);
    },
  };
}

function tooLarge(bytes: number, limit: number): VoiceFlowError {
  return new VoiceFlowError('audio-too-large', `the body has ${bytes} bytes or more, the limit is ${limit}`, {
    hint: 'Send a compressed or shorter recording, or raise the limit of the server.',
  });
}
