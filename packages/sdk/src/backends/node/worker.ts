/** @module The worker's script: built into one text (`?script`) and started from there. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf, SessionError } from '../pool/failure.ts';
import { serverPort } from '../pool/port.ts';
import { type OrtModule, openSession } from '../pool/session.ts';
import { serve } from '../pool/worker.ts';
import { INSTALL_HINT } from './install-hint.ts';

/**
 * One thread, which sleeps when there is nothing to do: with spinning, idle sessions burn whole processors. Denormal
 * numbers count as zero, since processors take forty times as long for them.
 */
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
};

serve(serverPort(), async (bytes, settings) => openSession(load(String(settings.module)), bytes, SESSION_OPTIONS));

function load(url: string): OrtModule {
  try {
    // By `require`: Deno takes a CommonJS file that is imported by its URL for an ES module.
    return createRequire(url)(fileURLToPath(url)) as OrtModule;
  } catch (error) {
    throw new SessionError(
      'backend-unavailable',
      `onnxruntime-node could not be loaded: ${messageOf(error)}`,
      INSTALL_HINT,
    );
  }
}
