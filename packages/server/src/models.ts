import { readFile } from 'node:fs/promises';
import { type ModelPackage, VoiceFlowError } from '@voiceflow-ml/core';

export async function modelPackage(name: string): Promise<ModelPackage> {
  if (name !== 'fast-cnn') throw new VoiceFlowError('model-not-found', `there is no model "${name}"`);
  const root = new URL(import.meta.resolve('@voiceflow-ml/fast-cnn/package.json'));
  const manifest = JSON.parse(await readFile(new URL('./manifest.json', root), 'utf8'));
  return { manifest, file: 'fast-cnn.fp16.onnx', read: () => readFile(new URL('./fast-cnn.fp16.onnx', root)) };
}
