/** @module Decoders for browsers. The WebAssembly lies beside the script, where bundlers find it by its URL. */
import { type AudioDecoder, abortError, VoiceFlowError } from 'voiceflow-ml/core';
import { decodersOf } from './decoders.ts';

export { codecsFrom } from './decoders.ts';

/**
 * Decoders for the option `decoders` of `createDiarizer` and `openAudio`. The WebAssembly is fetched when a file first
 * needs it.
 */
export const codecs: readonly AudioDecoder[] = decodersOf(async (signal) => {
  const url = new URL('../voiceflow-codecs.wasm', import.meta.url);
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    const type = cause instanceof Error ? cause.message : String(cause);
    throw new VoiceFlowError('backend-unavailable', `the audio decoders were not found at ${url.href}: ${type}`, {
      hint: 'serve voiceflow-codecs.wasm of @voiceflow-ml/codecs there, or pass the bytes: codecsFrom(bytes)',
      cause,
    });
  }
});
