import type { AudioDecoder } from 'voiceflow-ml/core';
import { decodersOf, once } from './decoders.ts';

/**
 * The decoders with WebAssembly passed by the caller, for hosts that cannot read the package's own file, such as
 * workerd (`import wasm from '@voiceflow-ml/codecs/voiceflow-codecs.wasm'`) or a server bundle.
 * @param wasm The compiled module, or its bytes.
 */
export function codecsFrom(wasm: WebAssembly.Module | Uint8Array | ArrayBuffer): readonly AudioDecoder[] {
  return decodersOf(
    once(async () => (wasm instanceof WebAssembly.Module ? wasm : WebAssembly.compile(wasm as BufferSource))),
  );
}
