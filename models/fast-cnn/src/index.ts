/** @module The Fast CNN, for browsers: its weights lie beside the script, where bundlers find them by this URL. */
import { abortError, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { packageOf } from './package.ts';

export { fastCnnFrom } from './package.ts';

/** The embedded model, its weights fetched from where the package is served. */
export const fastCnn: ModelPackage = packageOf(async (signal) => {
  const url = new URL('../fast-cnn.fp16.onnx', import.meta.url);
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('model-not-found', `the weights of fast-cnn were not found at ${url.href}`, {
      hint: 'serve fast-cnn.fp16.onnx of @voiceflow-ml/fast-cnn there, or bring the bytes: fastCnnFrom(bytes)',
      cause,
    });
  }
});
