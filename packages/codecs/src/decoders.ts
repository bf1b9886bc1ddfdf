import type { AudioDecoder } from 'voiceflow-ml/core';
import { FAMILIES } from './formats.ts';
import { Input } from './input.ts';
import { inOrder } from './mp4.ts';
import { openSource } from './source.ts';

/** Loads and compiles the WebAssembly. */
type LoadModule = (signal: AbortSignal | undefined) => Promise<WebAssembly.Module>;

/**
 * A decoder for each family of formats. The WebAssembly is loaded once, when the first file needs it; a failed load is
 * retried for the next file.
 */
export function decodersOf(load: LoadModule): readonly AudioDecoder[] {
  let module: WebAssembly.Module | undefined;
  return FAMILIES.map(({ format, sniff }) => ({
    format,
    sniff,
    async open(bytes, { signal }) {
      module ??= await load(signal);
      if (format !== 'MP4' || bytes.seek) return openSource(module, new Input(bytes, signal), format, signal);
      const { bytes: ordered, head } = await inOrder(bytes);
      return openSource(module, new Input(ordered, signal, head), format, signal);
    },
  }));
}

/**
 * The decoders with WebAssembly passed by the caller, for hosts that cannot read the package's own file, such as
 * workerd (`import wasm from '@voiceflow-ml/codecs/voiceflow-codecs.wasm'`) or a server bundle.
 * @param wasm The compiled module, or its bytes.
 */
export function codecsFrom(wasm: WebAssembly.Module | Uint8Array | ArrayBuffer): readonly AudioDecoder[] {
  return decodersOf(async () =>
    wasm instanceof WebAssembly.Module ? wasm : WebAssembly.compile(wasm as BufferSource),
  );
}
