import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { codeOf } from '../errors.ts';
import type { CatalogEntry, WeightsFile } from './catalog.ts';

type FileState =
  | { readonly state: 'ok' }
  | { readonly state: 'missing' }
  | { readonly state: 'wrong'; readonly reason: string };

export type CheckedFile = FileState & { readonly path: string };

/** Checks a file's length and SHA-256, reading it in chunks. */
export async function checkFile(path: string, expected: WeightsFile, signal?: AbortSignal): Promise<FileState> {
  try {
    const { size } = await stat(path);
    if (size !== expected.bytes) return { state: 'wrong', reason: `${size} bytes, expected ${expected.bytes}` };
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { signal })) hash.update(chunk);
    const sha256 = hash.digest('hex');
    if (sha256 === expected.sha256) return { state: 'ok' };
    return { state: 'wrong', reason: `sha256 ${sha256}, expected ${expected.sha256}` };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { state: 'missing' };
    throw error;
  }
}

/** The state of each file of a model, in the order of the manifest. */
export async function checkFiles(folder: string, entry: CatalogEntry, signal?: AbortSignal): Promise<CheckedFile[]> {
  const files: CheckedFile[] = [];
  for (const [name, file] of Object.entries(entry.files)) {
    const path = join(folder, name);
    files.push({ path, ...(await checkFile(path, file, signal)) });
  }
  return files;
}

/** The `model-corrupt` error for a file that does not match the manifest. */
export function corrupt(what: string, reason: string, hint: string): VoiceFlowError {
  return new VoiceFlowError('model-corrupt', `${what} does not match the manifest: ${reason}`, { hint });
}
