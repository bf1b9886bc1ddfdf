/** @module ONNX Runtime in the calling thread, included in the bundle: for workerd and pages that forbid workers. */
import * as ort from 'onnxruntime-web/wasm';
import type { Session } from '../pool/session.ts';
import { inTurn } from './in-turn.ts';
import { openWithModule } from './with-module.ts';

export function openHere(module: WebAssembly.Module, bytes: Uint8Array): Promise<Session> {
  return inTurn(() => openWithModule(ort, module, 1, bytes));
}
