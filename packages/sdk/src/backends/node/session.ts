import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { type Device, deviceError, providersOf } from '../device.ts';
import { messageOf } from '../pool/failure.ts';
import { type OrtModule, openSession, type Session } from '../pool/session.ts';
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

/** One native session, as both modes of the backend open it. @param url The `file:` URL of onnxruntime-node. */
export async function openNative(bytes: Uint8Array, url: string, device: Device): Promise<Session> {
  const ort = load(url);
  if (device === 'cpu') return openSession(ort, bytes, SESSION_OPTIONS);
  const options = { ...SESSION_OPTIONS, executionProviders: providersOf(device) };
  try {
    return await openSession(ort, bytes, options);
  } catch (error) {
    // The CPU tells whether it is the device that fails, or the model.
    const session = await openSession(ort, bytes, SESSION_OPTIONS);
    await session.release();
    throw deviceError(device, messageOf(error));
  }
}

function load(url: string): OrtModule {
  try {
    // By `require`: Deno takes a CommonJS file that is imported by its URL for an ES module.
    return createRequire(url)(fileURLToPath(url)) as OrtModule;
  } catch (error) {
    throw new VoiceFlowError('backend-unavailable', `onnxruntime-node could not be loaded: ${messageOf(error)}`, {
      hint: INSTALL_HINT,
    });
  }
}
