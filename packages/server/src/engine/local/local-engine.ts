import { abortError, throwIfAborted, VoiceFlowError } from 'voiceflow-ml/core';
import type { Engine, EngineInfo } from '../engine.ts';
import { joinChunks } from '../runner/bytes.ts';
import type { TaskRunner } from '../runner/runner.ts';

/**
 * An engine in the app's own thread, for runtimes without processes and for tests. Runs one task of each lane at a
 * time. Only the network may run elsewhere, depending on its backend.
 */
export function localEngine(runner: Pick<TaskRunner, 'run' | 'open'>, info: Omit<EngineInfo, 'slots'>): Engine {
  let closed = false;
  const running = new Set<Promise<unknown>>();
  const assertOpen = () => {
    if (closed) throw new VoiceFlowError('closed', 'the engine was used after close()');
  };
  return {
    info: { ...info, slots: { infer: 1, recording: 1 } },
    get ready() {
      return !closed;
    },
    onChange: () => {},
    run: async (task, body, context) => {
      assertOpen();
      throwIfAborted(context.signal);
      const work = runner.run(task, joinChunks(body), context).catch((error: unknown) => {
        if (context.signal.aborted) throw abortError(context.signal);
        throw error;
      });
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    open: async (request, onMessage) => {
      assertOpen();
      return runner.open(request, onMessage);
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(running);
    },
  };
}
