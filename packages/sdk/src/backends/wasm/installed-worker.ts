/** @module The worker's script: bundled into one string (`?script`), from which workers are started. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from '../pool/failure.ts';
import { serverPort } from '../pool/port.ts';
import { openSession } from '../pool/session.ts';
import { serve } from '../pool/worker-side.ts';
import type { OrtWasm } from './ort.ts';
import { withModule } from './with-module.ts';

serve(serverPort(), (bytes, { script, module, threads }) => {
  if (!(module instanceof WebAssembly.Module)) throw new Error('the worker received no WebAssembly');
  const ort = load(String(script));
  return withModule(ort, module, Number(threads), () => openSession(ort, bytes, { executionProviders: ['wasm'] }));
});

function load(url: string): OrtWasm {
  try {
    return createRequire(url)(fileURLToPath(url)) as OrtWasm;
  } catch (error) {
    throw new VoiceFlowError('backend-unavailable', `ONNX Runtime could not be loaded: ${messageOf(error)}`);
  }
}
