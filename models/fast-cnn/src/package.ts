import type { ModelManifest, ModelPackage } from 'voiceflow-ml/core';
import json from '../manifest.json';

export const PACKAGE = '@voiceflow-ml/fast-cnn';
/** The file of the weights, most of which are stored in a byte each (docs/decisions/003-weights-in-bytes.md). */
export const FILE = 'fast-cnn.onnx';

export const manifest = json as ModelManifest;

export function packageOf(read: ModelPackage['read']): ModelPackage {
  return { manifest, file: FILE, read };
}
