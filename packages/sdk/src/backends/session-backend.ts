import type { Backend, BackendCapabilities } from '../contract/backend.ts';
import { SPEC_VERSION } from '../contract/version.ts';
import { inlineThread } from './pool/inline-thread.ts';
import { checkThreads } from './pool/options.ts';
import { openPool } from './pool/pool.ts';
import type { Session } from './pool/session.ts';

export interface SessionBackendOptions {
  readonly name: string;
  capabilities(): Promise<BackendCapabilities>;
  /**
   * Opens a network for one run at a time. It owns the bytes.
   * @throws VoiceFlowError `model-incompatible` if the bytes are no model; `backend-unavailable`; `backend-failed`.
   */
  open(bytes: Uint8Array): Promise<Session>;
  /**
   * Runs a task later, so that timers and events can run between two network runs. Default `setTimeout`; `setImmediate`
   * is faster on servers.
   */
  readonly defer?: (task: () => void) => void;
}

/**
 * Makes a backend from sessions in the calling thread, with one run at a time. It adds everything else that a backend
 * needs: checks of the feeds, a queue, cancellation, and closing after running calls. For runtimes without threads and
 * for custom backends.
 *
 * @example const mine = sessionBackend({ name: 'mine', capabilities, open: async (bytes) => ({ inputs, outputs, run,
 *   release }) });
 */
export function sessionBackend({ name, capabilities, open, defer = setTimeout }: SessionBackendOptions): Backend {
  return {
    specVersion: SPEC_VERSION,
    name,
    capabilities,
    async load(model, { workers = 1, signal } = {}) {
      checkThreads('workers', workers);
      return openPool({ model, workers: 1, settings: {}, spawn: () => inlineThread(open, defer), signal });
    },
  };
}
