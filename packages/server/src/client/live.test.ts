import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveConnection } from './live.ts';
import type { WebSocketConstructor } from './types.ts';

/** A socket whose server is the test. */
class FakeSocket {
  static all: FakeSocket[] = [];
  binaryType = '';
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  readonly #listeners = new Map<string, ((event: { data?: unknown }) => void)[]>();

  constructor() {
    FakeSocket.all.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
    this.fire('close');
  }

  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  fire(type: string, data?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }

  say(message: unknown): void {
    this.fire('message', typeof message === 'string' ? message : JSON.stringify(message));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  FakeSocket.all = [];
});

function connect(options: { reconnects?: number } = {}) {
  const live = new LiveConnection(
    'ws://x',
    { sampleRate: 16_000, ...options },
    FakeSocket as unknown as WebSocketConstructor,
  );
  return { live, socket: () => FakeSocket.all.at(-1) as FakeSocket };
}

const KEEP_ALIVE = '{"type":"keep-alive"}';

describe('LiveConnection', () => {
  it('rejects a pending end when it is closed', async () => {
    const { live, socket } = connect();
    socket().say({ type: 'ready' });
    const ended = live.end();
    live.close();
    await expect(ended).rejects.toMatchObject({ code: 'closed' });
    await expect(live.end()).rejects.toMatchObject({ code: 'closed' });
  });

  it('ends once for repeated calls of end', async () => {
    const { live, socket } = connect();
    socket().say({ type: 'ready' });
    const both = [live.end(), live.end()];
    expect(socket().sent).toEqual(['{"type":"end"}']);
    socket().say({ type: 'end', result: { turns: [] } });
    expect(await Promise.all(both)).toEqual([
      { turns: [], offset: 0 },
      { turns: [], offset: 0 },
    ]);
  });

  it.each(['<html>502</html>', '', 'null', '[]', '{}', '{"type":1}', '"end"'])(
    'treats %j as a lost connection, and reports it if the reconnect fails',
    async (odd) => {
      const { live, socket } = connect({ reconnects: 1 });
      socket().say({ type: 'ready' });
      const ended = live.end();
      const failed = expect(ended).rejects.toMatchObject({ code: 'backend-failed', message: /not a valid message/ });
      expect(() => socket().say(odd)).not.toThrow();
      await vi.advanceTimersByTimeAsync(300);
      expect(FakeSocket.all).toHaveLength(2);
      socket().say(odd);
      await failed;
    },
  );

  it('ignores unknown events of a newer server', async () => {
    const { live, socket } = connect();
    socket().say({ type: 'ready' });
    socket().say({ type: 'weather' });
    socket().say({ type: 'speaker', speaker: 'SPEAKER_00' });
    live.close();
    const events = [];
    for await (const event of live) events.push(event);
    expect(events).toEqual([{ type: 'speaker', speaker: 'SPEAKER_00' }]);
  });

  it('rejects samples that are none, sends nothing of them, and continues', async () => {
    const { live, socket } = connect();
    socket().say({ type: 'ready' });
    const integers = new Int16Array(160) as unknown as Float32Array;
    await expect(live.push(integers)).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(live.push(Float32Array.of(0, Number.NaN))).rejects.toMatchObject({ code: 'invalid-audio' });
    expect(socket().sent).toEqual([]);
    await live.push(new Float32Array(160));
    expect(socket().sent).toHaveLength(1);
    live.close();
  });

  it('sends keep-alive messages while there is no audio, within the server’s idle timeout, and none after the end', async () => {
    const { live, socket } = connect();
    socket().say({ type: 'ready', idleMs: 3_000 });
    await vi.advanceTimersByTimeAsync(2_900);
    expect(socket().sent).toContain(KEEP_ALIVE);
    const before = socket().sent.length;
    for (let i = 0; i < 20; i++) {
      await live.push(new Float32Array(160));
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(socket().sent.slice(before)).not.toContain(KEEP_ALIVE);
    const first = socket();
    live.close();
    const sent = first.sent.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first.sent).toHaveLength(sent);
  });
});
