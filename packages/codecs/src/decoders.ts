import type { AudioDecoder } from 'voiceflow-ml/core';
import { FAMILIES } from './formats.ts';
import { inOrder } from './mp4.ts';
import { openSource } from './source.ts';

/** Loads and compiles the WebAssembly. */
export type LoadModule = (signal: AbortSignal | undefined) => Promise<WebAssembly.Module>;

/** A decoder for each family of formats. The WebAssembly is loaded once, when the first file needs it. */
export function decodersOf(load: LoadModule): readonly AudioDecoder[] {
  return FAMILIES.map(({ format, sniff }) => ({
    format,
    sniff,
    async open(bytes, { signal }) {
      const module = await load(signal);
      if (format !== 'MP4' || bytes.seek) return openSource(module, bytes, { name: format, signal });
      const { bytes: ordered, head } = await inOrder(bytes);
      return openSource(module, ordered, { name: format, signal, head });
    },
  }));
}

/** Caches the loaded module. A failed load is retried on the next call. */
export function once(load: LoadModule): LoadModule {
  let module: WebAssembly.Module | undefined;
  return async (signal) => {
    module ??= await load(signal);
    return module;
  };
}
