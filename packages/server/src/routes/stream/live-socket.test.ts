import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WSContext } from 'hono/ws';
import { afterEach, expect, it, vi } from 'vitest';
import type { LiveMessage } from '../../engine/engine.ts';
import { localEngine } from '../../engine/local/local-engine.ts';
import type { AppContext } from '../../http/context.ts';
import { createState } from '../../state.ts';
import { LiveSocket } from './live-socket.ts';

const firstOf = (all: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(all).map(([name, [value]]) => [name, value]));

/** A session on a worker that takes audio only when it is told to. */
function session(query: Record<string, string[]> = {}) {
  const sent: Record<string, unknown>[] = [];
  const pushed: Uint8Array[] = [];
  let emit: (message: LiveMessage) => void = () => {};
  let taken = () => {};
  let ends = 0;
  const engine = localEngine(
    {
      run: () => Promise.reject(new Error('not here')),
      open(_, onMessage) {
        emit = onMessage;
        const push = (bytes: Uint8Array) => {
          pushed.push(bytes);
          return new Promise<void>((resolve) => {
            taken = resolve;
          });
        };
        return { push, end: () => void ends++, close() {} };
      },
    },
    // Stand-ins with what is used.
    { manifest: {} as never, backend: 'fake' },
  );
  const state = createState({ engine, version: '0', limits: { idleBodyMs: 1_000 } });
  const all = { sampleRate: ['192000'], encoding: ['f32le'], ...query };
  const c = { req: { queries: () => all, query: () => firstOf(all) }, get: () => undefined };
  const close = vi.fn();
  const ws = { readyState: 1, raw: {}, send: (text: string) => sent.push(JSON.parse(text)), close };
  const events = new LiveSocket(c as unknown as AppContext, state).events();
  events.onOpen?.(new Event('open'), ws as unknown as WSContext);
  const message = (data: ArrayBuffer | string) =>
    events.onMessage?.(new MessageEvent('message', { data }), ws as unknown as WSContext);
  return {
    sent,
    pushed,
    message,
    take: () => taken(),
    emit: (last: LiveMessage) => emit(last),
    state,
    close,
    ends: () => ends,
  };
}

afterEach(() => void vi.useRealTimers());

it('holds audio in about as much memory as it has bytes, also when it comes in single bytes', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const { message, pushed, take } = session();
  message(new ArrayBuffer(4));
  await vi.waitFor(() => expect(pushed).toHaveLength(1));
  const before = used();
  const count = 100_000;
  for (let i = 0; i < count; i++) message(new Uint8Array([i]).buffer);
  expect(used() - before).toBeLessThan(40 * count);
  take();
  await vi.waitFor(() => expect(pushed).toHaveLength(2));
  expect(Buffer.from(pushed[1] ?? []).equals(Buffer.from(Uint8Array.from({ length: count }, (_, i) => i)))).toBe(true);
});

it('waits for the result after `end`, without further messages', async () => {
  vi.useFakeTimers();
  const { message, sent, emit } = session();
  await vi.advanceTimersByTimeAsync(10);
  message('{"type":"end"}');
  await vi.advanceTimersByTimeAsync(60_000);
  emit({ type: 'end', result: 'the turns' });
  expect(sent.map(({ type }) => type)).toEqual(['ready', 'end']);
});

it('ignores what follows `end`', async () => {
  const { message, pushed, ends, sent, emit } = session();
  message('{"type":"end"}');
  await vi.waitFor(() => expect(ends()).toBe(1));
  message('{"type":"end"}');
  message(new ArrayBuffer(4));
  message('nonsense');
  emit({ type: 'end', result: 'the turns' });
  expect([ends(), pushed]).toEqual([1, []]);
  expect(sent.map(({ type }) => type)).toEqual(['ready', 'end']);
});

it.each([
  ['invalid-audio', 1008],
  ['backend-failed', 1011],
  ['overloaded', 1013],
] as const)('closes the socket after %s with code %i', async (code, expected) => {
  const { emit, sent, close } = session();
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  emit({ type: 'error', code, message: 'broken' });
  expect(close).toHaveBeenCalledExactlyOnceWith(expected, code);
});

it('ends a session whose result takes longer after `end` than work may take', async () => {
  vi.useFakeTimers();
  const { message, sent, state } = session();
  await vi.advanceTimersByTimeAsync(10);
  message('{"type":"end"}');
  await vi.advanceTimersByTimeAsync(state.limits.workMs - 1);
  expect(sent.map(({ type }) => type)).toEqual(['ready']);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.at(-1)).toMatchObject({ type: 'error', code: 'deadline-exceeded' });
});

it('ends a session that sends only empty messages like one without audio', async () => {
  vi.useFakeTimers();
  const { message, state } = session();
  await vi.advanceTimersByTimeAsync(500);
  const [open] = state.sessions;
  const before = open?.lastAudio;
  message(new ArrayBuffer(0));
  expect(open?.lastAudio).toBe(before);
});

it('refuses an option that is given twice', () => {
  const { sent } = session({ sampleRate: ['16000', '8000'] });
  expect(sent).toEqual([expect.objectContaining({ type: 'error', code: 'invalid-option' })]);
});
