/** @module Like `embedded-worker.ts`, for Node, Bun and Deno: needs nothing except this script and the bytes. */
import * as ort from 'onnxruntime-web/wasm';
import { serverPort } from '../pool/port.ts';
import { serve } from '../pool/worker-side.ts';
import { openWithModule } from './with-module.ts';

serve(serverPort(), (bytes, { module }) => openWithModule(ort, module, 1, bytes));
