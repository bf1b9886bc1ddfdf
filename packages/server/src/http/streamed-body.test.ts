import { expect, it } from 'vitest';
import { streamBody } from './streamed-body.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function* chunks(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

async function read(body: AsyncIterable<Uint8Array>, limits = {}, pauseMs = 0): Promise<number> {
  let bytes = 0;
  for await (const chunk of streamBody(() => body, { maxBytes: 10_000, idleMs: 60_000, ...limits })) {
    bytes += chunk.byteLength;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return bytes;
}

it('passes on a body within the limits', async () => {
  expect(await read(chunks([5_000, 0, 5_000]))).toBe(10_000);
});

it('rejects a body that is too long, one that pauses, and one that trickles', async () => {
  await expect(read(chunks([5_000, 5_001]))).rejects.toMatchObject({ code: 'audio-too-large' });
  const pausing = (async function* () {
    yield new Uint8Array(1);
    await new Promise(() => {});
  })();
  await expect(read(pausing, { idleMs: 20 })).rejects.toMatchObject({
    code: 'deadline-exceeded',
    message: 'no data of the body was received for 20 ms',
  });
  const trickling = (async function* () {
    for (;;) {
      await sleep(1);
      yield new Uint8Array(1);
    }
  })();
  await expect(read(trickling, { idleMs: 100 })).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

it('does not count the time in which the consumer is busy as a pause of the sender', async () => {
  expect(await read(chunks([2_000, 2_000, 2_000]), { idleMs: 20 }, 60)).toBe(6_000);
});

it('reports a body that was cut off', async () => {
  const cut = (async function* () {
    yield new Uint8Array(7);
    throw new Error('the connection was closed');
  })();
  await expect(read(cut)).rejects.toMatchObject({ code: 'aborted', message: expect.stringContaining('after 7 bytes') });
});
