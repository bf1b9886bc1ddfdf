import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import type { Warning } from '../contract/warnings.ts';

/** Bytes that match the manifest, as far as the runtime can check. */
export interface CheckedBytes {
  readonly bytes: Uint8Array;
  readonly warnings: readonly Warning[];
}

/**
 * Reads the weights of a package, checks them against its manifest, and lets the package rewrite them.
 * If the runtime has no `crypto.subtle` (a page without HTTPS), only the length is checked, with a warning.
 * @throws `model-not-found`; `model-corrupt`; errors of the package.
 */
export async function readWeights(pack: ModelPackage, signal?: AbortSignal): Promise<CheckedBytes> {
  const { bytes, warnings } = await readChecked(pack, pack.file, () => pack.read(signal));
  return { bytes: pack.rewrite?.(bytes) ?? bytes, warnings };
}

/** Checks the bytes from `read` in the same way. @throws Errors of `read`; `model-not-found`; `model-corrupt`. */
export async function readChecked(
  { manifest }: ModelPackage,
  file: string,
  read: () => Promise<Uint8Array>,
): Promise<CheckedBytes> {
  const expected = manifest.files[file];
  if (!expected) {
    const names = Object.keys(manifest.files).join(', ');
    throw new VoiceFlowError('model-not-found', `${manifest.id} has no file "${file}"; its manifest lists: ${names}`);
  }
  const bytes = await read();
  if (bytes.length !== expected.bytes) {
    throw corrupt(`${file} has ${bytes.length} bytes, expected ${expected.bytes} as in the manifest`);
  }
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    const message = `${file} could not be checked: this runtime has no crypto.subtle`;
    return { bytes, warnings: [{ code: 'model-unverified', message }] };
  }
  // Copied if the bytes are in shared memory, which `digest()` rejects.
  const plain = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
  const hash = hex(new Uint8Array(await subtle.digest('SHA-256', plain)));
  if (hash !== expected.sha256)
    throw corrupt(`${file} has SHA-256 ${hash}, expected ${expected.sha256} as in the manifest`);
  return { bytes, warnings: [] };
}

function corrupt(message: string): VoiceFlowError {
  return new VoiceFlowError('model-corrupt', message, { hint: 'install the model again' });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
