import { createRequire } from 'node:module';
import type { Backend, Model } from '../../contract/backend.ts';
import { abortError, VoiceFlowError } from '../../contract/errors.ts';
import { SessionError } from '../pool/failure.ts';
import { type OrtModule, openSession } from '../pool/session.ts';
import { disableTelemetry } from '../pool/telemetry.ts';

/** One thread, which sleeps when there is nothing to do; denormal numbers, which are slow, count as zero. */
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
};

/**
 * Native ONNX Runtime in this very thread: for a process that does nothing else, and that its server may kill at any
 * moment. It blocks the event loop for one window at a time (3 ms), and saves the hop to a thread and back.
 */
export function inlineBackend(): Backend {
  return {
    name: 'node',
    capabilities: async () => ({ workers: 1, threads: 1, simd: true, gpu: false, notes: [] }),
    load: async ({ name, bytes }) => {
      const session = await openSession(onnxRuntime(), bytes, SESSION_OPTIONS).catch((cause) => {
        throw toError(cause, `${name}: `);
      });
      let closed = false;
      let last: Promise<unknown> = Promise.resolve();
      const model: Model = {
        inputs: session.inputs,
        outputs: session.outputs,
        concurrency: 1,
        run: (feeds, { signal } = {}) => {
          const turn = last.then(async () => {
            if (closed) throw new VoiceFlowError('closed', 'the model was used after close()');
            if (signal?.aborted) throw abortError(signal);
            return session.run(feeds).catch((cause) => {
              throw toError(cause);
            });
          });
          last = turn.catch(() => {});
          return turn;
        },
        close: async () => {
          if (closed) return;
          closed = true;
          await last;
          await session.release();
        },
      };
      return model;
    },
  };
}

function onnxRuntime(): OrtModule {
  disableTelemetry();
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as OrtModule;
  } catch (cause) {
    throw new VoiceFlowError('backend-unavailable', 'onnxruntime-node cannot be loaded', {
      hint: 'npm install onnxruntime-node',
      cause,
    });
  }
}

function toError(cause: unknown, before = ''): VoiceFlowError {
  if (VoiceFlowError.isInstance(cause)) return cause;
  const code = cause instanceof SessionError ? cause.code : 'backend-failed';
  return new VoiceFlowError(code, before + (cause instanceof Error ? cause.message : String(cause)), { cause });
}
