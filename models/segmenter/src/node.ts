/** @module The segmenter, for Node, Bun and Deno: its weights are a file of the package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { abortError, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { FILE, packageOf } from './package.ts';

export { segmenterFrom } from './package.ts';

/** The embedded model, its weights read from the installed package. */
export const segmenter: ModelPackage = packageOf(async (signal) => {
  const path = fileURLToPath(new URL(`../${FILE}`, import.meta.url));
  try {
    return await readFile(path, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('model-not-found', `the weights of segmenter could not be read from ${path}`, {
      hint: 'keep @voiceflow-ml/segmenter out of your bundle, or bring the bytes: segmenterFrom(bytes)',
      cause,
    });
  }
});
