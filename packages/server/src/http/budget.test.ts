import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { Engine, Task, TaskReply } from '../engine/engine.ts';
import { runTask } from '../routes/run-task.ts';
import { createState } from '../state.ts';
import type { OpenBody } from './body.ts';
import type { AppContext } from './context.ts';

const TASK: Task = { kind: 'diarize', contentType: '', output: 'json', params: {}, maxSeconds: 10 };

/** An engine that answers with so many bytes after so many milliseconds, or fails. */
function engineOf(next: () => { bytes: number; ms: number; fails: boolean }): Engine {
  return {
    info: { manifest: {} as never, backend: 'none', slots: { infer: 2, recording: 2 } },
    ready: true,
    onChange: () => {},
    run: async () => {
      const { bytes, ms, fails } = next();
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (fails) throw new VoiceFlowError('backend-failed', 'a fault of the test');
      const body = new Uint8Array(bytes);
      return { contentType: '', body, timings: {}, audioSeconds: 0 } satisfies TaskReply;
    },
    open: () => Promise.reject(new Error('not here')),
    close: async () => {},
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the budget of bytes', () => {
  it('is kept for any client behavior, and is zero when all clients have disconnected', async () => {
    const client = fc.record({
      at: fc.nat(300),
      chunks: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 4 }),
      pause: fc.nat(40),
      /** It closes the connection; else it reads its answer in the end. */
      leaves: fc.option(fc.nat(300), { nil: undefined }),
      reads: fc.nat(300),
      bytes: fc.nat(900),
      ms: fc.nat(250),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(client, { maxLength: 25 }), async (clients) => {
        const tasks = clients.map((each) => each);
        const state = createState({
          engine: engineOf(() => tasks.shift() ?? { bytes: 0, ms: 0, fails: false }),
          version: '0',
          limits: { bodyBytes: 500, deadlineMs: 200, queueBytes: 1_000, idleBodyMs: 100 },
        });
        let most = 0;
        let settled = 0;
        for (const { at, chunks, pause, leaves, reads } of clients) {
          setTimeout(() => {
            const gone = new AbortController();
            const sent: (() => void)[] = [];
            const finish = () => {
              for (const then of sent.splice(0)) then();
            };
            const c = {
              req: { header: () => undefined, raw: { signal: gone.signal } },
              get: () => undefined,
              body: (body: unknown) => body,
            } as unknown as AppContext;
            const openBody: OpenBody = async function* () {
              for (const size of chunks) {
                await new Promise((resolve) => setTimeout(resolve, pause));
                yield new Uint8Array(size);
                most = Math.max(most, state.budget.used);
              }
            };
            const whenSent = (_: unknown, then: () => void) => {
              if (gone.signal.aborted) then();
              else sent.push(then);
              return true;
            };
            const own = { ...state, options: { ...state.options, openBody, whenSent } };
            if (leaves !== undefined) {
              setTimeout(() => {
                gone.abort();
                finish();
              }, leaves);
            }
            void runTask(c, own, TASK)
              .catch((error) => expect(VoiceFlowError.isInstance(error)).toBe(true))
              .finally(() => {
                settled++;
                most = Math.max(most, state.budget.used);
                setTimeout(finish, reads);
              });
          }, at);
        }
        await vi.advanceTimersByTimeAsync(10_000);
        expect(settled).toBe(clients.length);
        expect(most).toBeLessThanOrEqual(1_000);
        expect(state.budget.used).toBe(0);
        expect([state.queues.recording.running, state.queues.recording.waiting]).toEqual([0, 0]);
        expect(vi.getTimerCount()).toBe(0);
      }),
      { seed: 19, numRuns: 150 },
    );
  });
});
