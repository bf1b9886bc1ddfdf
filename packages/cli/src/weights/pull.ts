import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '@voiceflow-ml/server/args';
import { throwIfAborted, VoiceFlowError } from 'voiceflow-ml/core';
import { makeFolder, modelFolder } from 'voiceflow-ml/installed';
import { FileError, isAbort } from '../errors.ts';
import { withLock } from '../files/lock.ts';
import { statsOf } from '../files/open.ts';
import type { CatalogEntry, WeightsFile } from './catalog.ts';
import { checkFile, checkFiles, corrupt } from './check.ts';
import { download, writing } from './download.ts';

interface PullOptions {
  /** The folder that contains all models. */
  readonly models: string;
  /** Written beside the weights, so that the folder is a complete model. */
  readonly manifest?: object;
  /** A folder with the files, or the base address of the files; default: the addresses in the manifest. */
  readonly from?: string;
  readonly signal?: AbortSignal;
  /** Called with the bytes present and the total bytes, of all files. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called once if another process is installing the model: this one waits for it. */
  readonly onWait?: () => void;
}

/**
 * Downloads a model's files into a staging folder, checks each, and renames the folder when all are correct, so that a
 * model is installed completely or not at all. An interrupted pull can be resumed. Of several processes that pull a
 * model, one does it and the others wait for it.
 * @returns The folder, and whether the model was newly installed by this call.
 * @throws `model-corrupt`, `model-not-found`, `aborted`; FileError; UsageError for a `from` that is neither a folder
 *   nor an address.
 */
export async function pull(entry: CatalogEntry, options: PullOptions): Promise<{ folder: string; fresh: boolean }> {
  const { models, signal, onWait } = options;
  const folder = modelFolder(models, entry);
  const isInstalled = async () => (await findDamaged(folder, entry, signal)) === undefined;
  // Also without the lock, which cannot be created in a read-only folder.
  if (await isInstalled()) {
    await writeManifest(folder, options);
    return { folder, fresh: false };
  }
  await writing(folder, () => makeFolder(dirname(folder)));
  const installOnce = async () => {
    // Another process may have installed it in the meantime.
    if (await isInstalled()) return false;
    await install(entry, folder, options);
    return true;
  };
  const lock = { timeoutMs: Number.POSITIVE_INFINITY, signal, onWait, hint: 'Set VOICEFLOW_MODELS to another folder' };
  return { folder, fresh: await withLock(`${folder}.partial`, installOnce, lock) };
}

/** The first file that is missing or does not match the manifest. */
async function findDamaged(folder: string, entry: CatalogEntry, signal?: AbortSignal) {
  return (await checkFiles(folder, entry, signal)).find(({ state }) => state !== 'ok');
}

async function install(entry: CatalogEntry, folder: string, options: PullOptions): Promise<void> {
  const { signal, onProgress } = options;
  const staging = `${folder}.partial`;
  await writing(staging, () => makeFolder(staging));
  const total = Object.values(entry.files).reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const [name, file] of Object.entries(entry.files)) {
    throwIfAborted(signal);
    const path = join(staging, name);
    if ((await checkFile(path, file, signal)).state !== 'ok') {
      const began = before;
      await fetchFile(name, file, path, { ...options, onBytes: (bytes) => onProgress?.(began + bytes, total) });
    }
    before += file.bytes;
    onProgress?.(before, total);
  }
  // The bytes were checked as they arrived; now the files are, since something else may have written to them.
  const damaged = await findDamaged(staging, entry, signal);
  if (damaged !== undefined) {
    await rm(damaged.path, { force: true });
    const reason = damaged.state === 'wrong' ? damaged.reason : 'it is missing';
    throw corrupt(damaged.path, reason, 'Run the command again');
  }
  await writeManifest(staging, options);
  await writing(folder, async () => {
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  });
}

async function writeManifest(folder: string, { manifest }: PullOptions): Promise<void> {
  if (manifest === undefined) return;
  const path = join(folder, 'manifest.json');
  await writing(path, () => writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`));
}

type FetchOptions = PullOptions & { readonly onBytes: (bytes: number) => void };

async function fetchFile(name: string, file: WeightsFile, path: string, options: FetchOptions): Promise<void> {
  const { from, signal, onBytes } = options;
  if (from !== undefined && !/^https?:\/\//i.test(from)) return copyFrom(asFolder(from), name, file, path);
  const addresses =
    from === undefined ? (file.urls ?? []) : [`${from.replace(/\/+$/, '')}/${encodeURIComponent(name)}`];
  let failure: unknown;
  for (const url of addresses) {
    try {
      return await download(url, path, file, { onProgress: onBytes, signal });
    } catch (error) {
      if (isAbort(error)) throw error;
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  throw new VoiceFlowError('model-not-found', `the manifest has no address for ${name}`, {
    hint: 'Give one with --from',
  });
}

/** The file in the folder may have its name in the manifest, or its name at the public address. */
async function copyFrom(folder: string, name: string, file: WeightsFile, path: string): Promise<void> {
  const names = [name, ...(file.urls ?? []).map((url) => basename(new URL(url).pathname))];
  for (const candidate of new Set(names)) {
    const source = join(folder, candidate);
    const found = await checkFile(source, file);
    if (found.state === 'missing') continue;
    if (found.state === 'wrong') {
      throw corrupt(source, found.reason, 'Download the file again from its public address');
    }
    return writing(path, () => copyFile(source, path));
  }
  if (!(await statsOf(folder))?.isDirectory())
    throw new UsageError(`--from is "${folder}", expected a folder or an http(s) address`);
  throw new FileError(`${folder} has no file ${[...new Set(names)].join(' or ')}`, {
    hint: 'Check the folder given with --from',
  });
}

function asFolder(from: string): string {
  return /^file:\/\//i.test(from) ? fileURLToPath(from) : from;
}
