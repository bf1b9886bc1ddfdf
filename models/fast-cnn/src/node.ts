/** @module The Fast CNN, for Node, Bun and Deno: its weights are a file of the package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { abortError, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { FILE, packageOf } from './package.ts';

export { fastCnnFrom } from './package.ts';

/** The embedded model, its weights read from the installed package. */
export const fastCnn: ModelPackage = packageOf(async (signal) => {
  const path = fileURLToPath(new URL(`../${FILE}`, import.meta.url));
  try {
    return await readFile(path, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('model-not-found', `the weights of fast-cnn could not be read from ${path}`, {
      hint: 'keep @voiceflow-ml/fast-cnn out of your bundle, or bring the bytes: fastCnnFrom(bytes)',
      cause,
    });
  }
});
