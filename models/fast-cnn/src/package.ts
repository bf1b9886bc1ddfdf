import type { ModelManifest, ModelPackage } from 'voiceflow-ml/core';
import json from '../manifest.json';

/** The weights in half precision: half the size, the same results to 4e-4. */
export const FILE = 'fast-cnn.fp16.onnx';

const manifest = json as ModelManifest;

export function packageOf(read: ModelPackage['read']): ModelPackage {
  return { manifest, file: FILE, read };
}

/**
 * The model with weights that were brought along: for hosts that cannot read the package's own file, such as workerd
 * or a server bundle (`import weights from '@voiceflow-ml/fast-cnn/fast-cnn.fp16.onnx'`).
 */
export function fastCnnFrom(bytes: Uint8Array | ArrayBuffer): ModelPackage {
  return packageOf(async () => (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)));
}
