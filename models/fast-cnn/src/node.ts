/** @module The Fast CNN for Node, Bun and Deno. Its weights are a file of the package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { abortError, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { packageOf } from './package.ts';

/** The embedded model. Its weights are read from the installed package. */
export const fastCnn: ModelPackage = packageOf((signal) =>
  // Bundlers recognize only this form with a literal. They treat a template string as a pattern.
  weightsAt(new URL('../fast-cnn.onnx', import.meta.url), signal),
);

/**
 * The model with weights from another place: a path, a `file:` URL, or the bytes for programs bundled into one file.
 */
export function fastCnnFrom(weights: Uint8Array | ArrayBuffer | string | URL): ModelPackage {
  if (weights instanceof Uint8Array) return packageOf(async () => weights);
  if (weights instanceof ArrayBuffer) return packageOf(async () => new Uint8Array(weights));
  const url = String(weights);
  return packageOf((signal) => weightsAt(url.startsWith('file:') ? new URL(url) : pathToFileURL(url), signal));
}

async function weightsAt(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    // Node refuses null, which programs without types pass.
    return await readFile(fileURLToPath(url), { signal: signal ?? undefined });
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw new VoiceFlowError('model-not-found', `the weights of fast-cnn could not be read from ${url.href}`, {
      hint:
        'keep @voiceflow-ml/fast-cnn out of the bundle (external), copy fast-cnn.onnx of it there, ' +
        'or hand the weights over: fastCnnFrom(pathOrBytes)',
      cause,
    });
  }
}
