import { assertFits, cutOff, LEAST_BYTES, pausingSender, slowSender } from './body.ts';

interface StreamLimits {
  readonly maxBytes: number;
  readonly idleMs: number;
}

/**
 * Passes on a body with back pressure, within the limits of `collectBody`. Time in which the consumer is busy does not
 * count as a pause of the sender.
 * @param open Called when the body is read first.
 * @throws `audio-too-large`; `deadline-exceeded` when nothing arrives for `idleMs`, or fewer than `LEAST_BYTES` in twice
 * that time; `aborted` when the client disconnected.
 */
export async function* streamBody(
  open: () => AsyncIterable<Uint8Array>,
  { maxBytes, idleMs }: StreamLimits,
): AsyncGenerator<Uint8Array> {
  const iterator = open()[Symbol.asyncIterator]();
  let bytes = 0;
  /** Start of the current interval, and the number of bytes received before it. */
  let [startedAt, before] = [performance.now(), 0];
  try {
    for (;;) {
      const { done, value } = await nextOf(iterator, idleMs, bytes);
      if (done) return;
      bytes += value.byteLength;
      if (performance.now() - startedAt >= 2 * idleMs) {
        if (bytes - before < LEAST_BYTES) throw slowSender(idleMs);
        [startedAt, before] = [performance.now(), bytes];
      }
      assertFits(bytes, maxBytes);
      yield value;
    }
  } finally {
    // Not awaited: the response must not wait for a slow sender.
    void iterator.return?.().catch(() => {});
  }
}

async function nextOf(iterator: AsyncIterator<Uint8Array>, idleMs: number, bytes: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<never>((_, reject) => {
    // After the process was suspended, its timers fire before it has read data that arrived in the meantime.
    const recheck = () => {
      timer = setTimeout(() => reject(pausingSender(idleMs)), 0);
    };
    timer = setTimeout(recheck, idleMs);
  });
  const next = iterator.next().catch((cause) => {
    throw cutOff(bytes, cause);
  });
  next.catch(() => {});
  try {
    return await Promise.race([next, idle]);
  } finally {
    clearTimeout(timer);
  }
}
