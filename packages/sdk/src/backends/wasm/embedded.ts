/** @module ONNX Runtime in the calling thread, included in the bundle: for workerd and pages that forbid workers. */
import * as ort from 'onnxruntime-web/wasm';
import { openSession, type Session } from '../pool/session.ts';
import { inTurn } from './in-turn.ts';
import { withModule } from './with-module.ts';

export function openHere(module: WebAssembly.Module, bytes: Uint8Array): Promise<Session> {
  return inTurn(() => withModule(ort, module, 1, () => openSession(ort, bytes, { executionProviders: ['wasm'] })));
}
