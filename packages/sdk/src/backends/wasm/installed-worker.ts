/** @module The worker's script: built into one text (`?script`) and started from there. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from '../pool/failure.ts';
import { serverPort } from '../pool/port.ts';
import { openSession } from '../pool/session.ts';
import { serve } from '../pool/worker-side.ts';
import type { OrtWasm } from './ort.ts';

serve(serverPort(), async (bytes, settings) => {
  const url = String(settings.module);
  const ort = load(url);
  ort.env.wasm.numThreads = Number(settings.threads);
  ort.env.wasm.wasmBinary = readFileSync(new URL('ort-wasm-simd-threaded.wasm', url));
  const session = await openSession(ort, bytes, { executionProviders: ['wasm'] });
  // Compiled by now: 14 MB that need not stay.
  delete ort.env.wasm.wasmBinary;
  return session;
});

function load(url: string): OrtWasm {
  try {
    return createRequire(url)(fileURLToPath(url)) as OrtWasm;
  } catch (error) {
    throw new VoiceFlowError('backend-unavailable', `ONNX Runtime could not be loaded: ${messageOf(error)}`);
  }
}
