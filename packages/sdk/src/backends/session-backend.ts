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
   * Opens a network for one run at a time. The bytes are its own.
   * @throws VoiceFlowError `model-incompatible` for bytes that are no model, `backend-unavailable`, `backend-failed`.
   */
  open(bytes: Uint8Array): Promise<Session>;
  /**
   * Runs a task later: between two runs, timers and events get their turn. Default `setTimeout`; `setImmediate` on
   * servers is faster.
   */
  readonly defer?: (task: () => void) => void;
}

/**
 * A backend around sessions in the calling thread, one run at a time. It adds what every backend must do: checks of the
 * feeds, a queue, cancellation, closing after the runs under way. For runtimes without threads, and for backends of
 * your own.
 *
 * @example
 * const mine = sessionBackend({ name: 'mine', capabilities, open: async (bytes) => ({ inputs, outputs, run, release }) });
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
