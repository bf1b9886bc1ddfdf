import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelFile, VoiceFlowError } from 'voiceflow-ml/core';
import { REPOSITORY } from '../machine.ts';

/** The embedded network as it ships: weights stored in half precision. */
export const FAST_CNN = 'fast-cnn.fp16.onnx';

/** Where a weights file of fast-cnn lies: in this repository, or as installed. */
export function fastCnnPath(file: string): string {
  const inRepository = `${REPOSITORY}models/fast-cnn/${file}`;
  return existsSync(inRepository) ? inRepository : fileURLToPath(import.meta.resolve(`@voiceflow-ml/fast-cnn/${file}`));
}

/** @throws `model-not-found`. */
export async function readModel(path: string): Promise<ModelFile> {
  try {
    return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  } catch (cause) {
    throw new VoiceFlowError('model-not-found', `the model ${path} cannot be read`, {
      hint: 'give the path of an ONNX file with --model',
      cause,
    });
  }
}
