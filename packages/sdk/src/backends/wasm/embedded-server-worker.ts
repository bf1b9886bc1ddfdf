/** @module Like `embedded-worker.ts`, for Node, Bun and Deno: needs nothing except this script and the bytes. */
import * as ort from 'onnxruntime-web/wasm';
import { serverPort } from '../pool/port.ts';
import { openSession } from '../pool/session.ts';
import { serve } from '../pool/worker-side.ts';
import { withModule } from './with-module.ts';

serve(serverPort(), (bytes, { module }) => {
  if (!(module instanceof WebAssembly.Module)) throw new Error('the worker received no WebAssembly');
  return withModule(ort, module, 1, () => openSession(ort, bytes, { executionProviders: ['wasm'] }));
});
