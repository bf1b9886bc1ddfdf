/** @module The worker's script including ONNX Runtime: bundled into one string (`?script`) to start workers from. */
import * as ort from 'onnxruntime-web/wasm';
import { openSession } from '../pool/session.ts';
import { webPort } from '../pool/web-port.ts';
import { serve } from '../pool/worker-side.ts';
import { FIRST, type ReadyMessage } from './start-worker.ts';
import { withModule } from './with-module.ts';

const scope = globalThis as unknown as { readonly name: string; postMessage(message: ReadyMessage): void };

// ONNX Runtime starts its own threads from the same script, with this name.
if (!scope.name.startsWith('em-pthread')) {
  serve(webPort(), (bytes, { module, threads }) => {
    if (!(module instanceof WebAssembly.Module)) throw new Error('the worker received no WebAssembly');
    return withModule(ort, module, Number(threads), () => openSession(ort, bytes, { executionProviders: ['wasm'] }));
  });
  if (scope.name === FIRST) scope.postMessage('ready');
}
