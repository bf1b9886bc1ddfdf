import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ModelFile, VoiceFlowError } from 'voiceflow-ml/core';
import { REPOSITORY } from '../machine.ts';

/** The published file of the embedded network. */
export const FAST_CNN = `${REPOSITORY}models/fast-cnn/fast-cnn.onnx`;

/** @throws `model-not-found`. */
export async function readModel(path = FAST_CNN): Promise<ModelFile> {
  try {
    return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  } catch (cause) {
    throw new VoiceFlowError('model-not-found', `the model ${path} cannot be read`, {
      hint: 'give the path of an ONNX file with --model',
      cause,
    });
  }
}
