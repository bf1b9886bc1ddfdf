/** @module The worker's script including ONNX Runtime: bundled into one string (`?script`) to start workers from. */
import * as ort from 'onnxruntime-web/wasm';
import { webPort } from '../pool/web-port.ts';
import { serve } from '../pool/worker-side.ts';
import { FIRST } from './start-worker.ts';
import { openWithModule } from './with-module.ts';

const scope = globalThis as unknown as { readonly name: string; postMessage(message: 'ready'): void };

// ONNX Runtime starts its own threads from the same script, with this name.
if (!scope.name.startsWith('em-pthread')) {
  serve(webPort(), (bytes, { module, threads }) => openWithModule(ort, module, Number(threads), bytes));
  if (scope.name === FIRST) scope.postMessage('ready');
}
