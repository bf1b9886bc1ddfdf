/** @module The worker's script: bundled into one string (`?script`), from which workers are started. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from '../pool/failure.ts';
import { serverPort } from '../pool/port.ts';
import { serve } from '../pool/worker-side.ts';
import { type OrtWasm, openWithModule } from './with-module.ts';

serve(serverPort(), async (bytes, { script, module, threads }) =>
  openWithModule(load(String(script)), module, Number(threads), bytes),
);

function load(url: string): OrtWasm {
  try {
    return createRequire(url)(fileURLToPath(url)) as OrtWasm;
  } catch (error) {
    throw new VoiceFlowError('backend-unavailable', `ONNX Runtime could not be loaded: ${messageOf(error)}`);
  }
}
