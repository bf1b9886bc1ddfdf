import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { type Device, deviceError, providersOf } from '../device.ts';
import { messageOf } from '../pool/failure.ts';
import { type OrtModule, openSession, type Session } from '../pool/session.ts';

/** Hint for errors if the native runtime is missing. */
export const INSTALL_HINT =
  'install it with `npm install onnxruntime-node` (ONNXRUNTIME_NODE_INSTALL=skip in the environment avoids the ' +
  'download of its CUDA files), or use the WASM backend, voiceflow-ml/backends/wasm, which needs nothing native';

/**
 * One thread without spinning, since idle sessions that spin use whole processors. Denormal numbers are treated as
 * zero, since processors handle them forty times slower.
 */
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
};

/** Opens a native session, for both modes of the backend. @param url The `file:` URL of onnxruntime-node. */
export async function openNative(bytes: Uint8Array, url: string, device: Device): Promise<Session> {
  const ort = load(url);
  if (device === 'cpu') return openSession(ort, bytes, SESSION_OPTIONS);
  const options = { ...SESSION_OPTIONS, executionProviders: providersOf(device) };
  try {
    return await openSession(ort, bytes, options);
  } catch (error) {
    // Trying the CPU shows whether the device or the model is at fault.
    const session = await openSession(ort, bytes, SESSION_OPTIONS);
    await session.release();
    throw deviceError(device, messageOf(error));
  }
}

function load(url: string): OrtModule {
  try {
    // With `require`, because Deno treats a CommonJS file that is imported by its URL as an ES module.
    return createRequire(url)(fileURLToPath(url)) as OrtModule;
  } catch (error) {
    throw new VoiceFlowError('backend-unavailable', `onnxruntime-node could not be loaded: ${messageOf(error)}`, {
      hint: INSTALL_HINT,
    });
  }
}
