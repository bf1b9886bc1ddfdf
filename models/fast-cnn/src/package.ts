import type { ModelManifest, ModelPackage } from 'voiceflow-ml/core';
import json from '../manifest.json';

export const PACKAGE = '@voiceflow-ml/fast-cnn';
/** The weights in half precision: half the size; results differ by at most 4e-4. */
export const FILE = 'fast-cnn.onnx';

export const manifest = json as ModelManifest;

export function packageOf(read: ModelPackage['read']): ModelPackage {
  return { manifest, file: FILE, read };
}
