import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { webStream } from './web-stream.ts';

describe('webStream', () => {
  it('has the bytes and the error of its stream', async () => {
    const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const reader = webStream(Readable.from([a, b])).getReader();
    expect([await reader.read(), await reader.read(), await reader.read()]).toMatchObject([
      { value: a },
      { value: b },
      { done: true },
    ]);
    const broken = new PassThrough();
    const late = webStream(broken).getReader();
    broken.destroy(new Error('unplugged'));
    await turn();
    await expect(late.read()).rejects.toThrow('unplugged');
  });

  it('can be cancelled while bytes arrive, and ends its stream', async () => {
    // Never without bytes; closes some time after it was destroyed, as a pipe does.
    const pipe = new Readable({
      read() {
        this.push(new Uint8Array(20_000));
      },
      destroy: (error, closed) => setTimeout(closed, 5, error),
    });
    const reader = webStream(pipe).getReader();
    for (let i = 0; i < 2; i++) expect((await reader.read()).done).toBe(false);
    const pending = reader.read();
    await reader.cancel();
    await Promise.all([pending, once(pipe, 'close')]);
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(pipe.destroyed).toBe(true);
  });
});
