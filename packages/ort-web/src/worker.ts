/** @module The worker's script: built into one text (`?script`) and started from there. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { serverPort } from '@voiceflow-ml/ort-common/port';
import { messageOf, type OrtModule, openSession, SessionError, serve } from '@voiceflow-ml/ort-common/worker';

type OrtWeb = OrtModule & { readonly env: { readonly wasm: { numThreads: number } } };

serve(serverPort(), async (bytes, settings) => {
  const ort = load(String(settings.module));
  ort.env.wasm.numThreads = Number(settings.threads);
  return openSession(ort, bytes, { executionProviders: ['wasm'] });
});

function load(url: string): OrtWeb {
  try {
    return createRequire(url)(fileURLToPath(url)) as OrtWeb;
  } catch (error) {
    throw new SessionError('backend-unavailable', `onnxruntime-web could not be loaded: ${messageOf(error)}`);
  }
}
