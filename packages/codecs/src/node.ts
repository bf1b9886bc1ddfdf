/** @module Decoders for Node, Bun and Deno. The WebAssembly is a file of the package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type AudioDecoder, abortError, VoiceFlowError } from 'voiceflow-ml/core';
import { decodersOf } from './decoders.ts';

export { codecsFrom } from './decoders.ts';

/**
 * Decoders for the option `decoders` of `createDiarizer` and `openAudio`. The WebAssembly is read when a file first
 * needs it.
 */
export const codecs: readonly AudioDecoder[] = decodersOf(async (signal) => {
  const path = fileURLToPath(new URL('../voiceflow-codecs.wasm', import.meta.url));
  try {
    return await WebAssembly.compile(await readFile(path, { signal }));
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('backend-unavailable', `the audio decoders could not be read from ${path}`, {
      hint: 'exclude @voiceflow-ml/codecs from your bundle, or pass the bytes: codecsFrom(bytes)',
      cause,
    });
  }
});
