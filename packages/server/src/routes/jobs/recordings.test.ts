import { expect, it } from 'vitest';
import type { Engine } from '../../engine/engine.ts';
import { createState } from '../../state.ts';
import { queuedRecordings } from './recordings.ts';

it('defers a job whose deadline passes while it waits for a worker, as the server was only busy', async () => {
  const engine = {
    info: { slots: { infer: 1, recording: 1 } },
    ready: true,
    onChange() {},
    run: async () => {
      throw new Error('not asked');
    },
  } as unknown as Engine;
  const state = createState({ engine, version: '0.0.0', limits: { deadlineMs: 20 } });
  const recordings = queuedRecordings(state);
  const { signal } = new AbortController();
  let finish = () => {};
  const busy = state.queues.recording.run({ cost: 1, deadlineMs: 1e6, signal }, () => {
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  const waiting = recordings.diarize({ path: 'a.wav', bytes: 1 }, {}, { signal, onProgress: () => {} });
  await expect(waiting).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 });
  finish();
  await busy;
});
