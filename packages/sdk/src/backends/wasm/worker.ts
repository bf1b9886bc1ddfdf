/** @module The worker's script: built into one text (`?script`) and started from there. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf, SessionError } from '../pool/failure.ts';
import { serverPort } from '../pool/port.ts';
import { type OrtModule, openSession } from '../pool/session.ts';
import { serve } from '../pool/worker.ts';
import { tune } from './tuning/tune.ts';

type OrtWeb = OrtModule & { readonly env: { readonly wasm: { numThreads: number; wasmBinary?: Uint8Array } } };

serve(serverPort(), async (bytes, settings) => {
  const ort = load(String(settings.module));
  ort.env.wasm.numThreads = Number(settings.threads);
  const tuned = tunedWasm(String(settings.module));
  if (tuned !== undefined) ort.env.wasm.wasmBinary = tuned;
  const session = await openSession(ort, bytes, { executionProviders: ['wasm'] });
  // Compiled by now: 14 MB that need not stay.
  delete ort.env.wasm.wasmBinary;
  return session;
});

function load(url: string): OrtWeb {
  try {
    return createRequire(url)(fileURLToPath(url)) as OrtWeb;
  } catch (error) {
    throw new SessionError('backend-unavailable', `onnxruntime-web could not be loaded: ${messageOf(error)}`);
  }
}

/** ONNX Runtime's WebAssembly with the faster kernel; nothing where it is not found or is another build: it loads its own. */
function tunedWasm(url: string): Uint8Array | undefined {
  try {
    const wasm = readFileSync(new URL('ort-wasm-simd-threaded.wasm', url));
    return tune(wasm) ? wasm : undefined;
  } catch {
    return undefined;
  }
}
