/** @module The Fast CNN for browsers. Its weights lie beside the script, where bundlers find them by their URL. */
import { bytesOf, fetchPackageFile, type ModelPackage } from 'voiceflow-ml/core';
import { FILE, manifest, PACKAGE, packageOf } from './package.ts';

/** The embedded model. Its weights are fetched from the address of the package. */
export const fastCnn: ModelPackage = packageOf((signal) =>
  // Bundlers recognize only this form with a literal.
  weightsAt(new URL('../fast-cnn.onnx', import.meta.url), signal),
);

/**
 * The model with weights from another place: their address, or their bytes for hosts that cannot fetch the package's
 * own file, such as workerd (`import weights from '@voiceflow-ml/fast-cnn/fast-cnn.onnx'`).
 */
export function fastCnnFrom(weights: Uint8Array | ArrayBuffer | string | URL): ModelPackage {
  if (weights instanceof Uint8Array) return packageOf(async () => weights);
  if (weights instanceof ArrayBuffer) return packageOf(async () => new Uint8Array(weights));
  return packageOf((signal) => weightsAt(new URL(weights, globalThis.location?.href), signal));
}

function weightsAt(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  const file = {
    what: 'the weights of fast-cnn',
    url,
    packageName: PACKAGE,
    path: FILE,
    instead: 'fastCnnFrom(addressOrBytes)',
  };
  return fetchPackageFile(file, (response) => bytesOf(response, manifest.files[FILE]?.bytes), signal);
}
