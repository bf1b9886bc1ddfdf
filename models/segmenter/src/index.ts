/** @module The segmenter, for browsers: its weights lie beside the script, where bundlers find them by this URL. */
import { abortError, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { packageOf } from './package.ts';

export { segmenterFrom } from './package.ts';

/** The embedded model, its weights fetched from where the package is served. */
export const segmenter: ModelPackage = packageOf(async (signal) => {
  const url = new URL('../segmenter.fp16.onnx', import.meta.url);
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('model-not-found', `the weights of segmenter were not found at ${url.href}`, {
      hint: 'serve segmenter.fp16.onnx of @voiceflow-ml/segmenter there, or bring the bytes: segmenterFrom(bytes)',
      cause,
    });
  }
});
