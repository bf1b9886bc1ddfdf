import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelManifest, type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { explainSystemError } from '../errors.ts';

/**
 * A model from a folder of one's own: `manifest.json`, and beside it one of the files that it lists.
 * @throws `model-not-found` when something is missing, `model-incompatible` for what is no manifest.
 */
export async function modelFromFolder(folder: string): Promise<ModelPackage> {
  const manifest = await readManifest(join(folder, 'manifest.json'));
  const names = Object.keys(manifest.files);
  const there = await Promise.all(names.map((name) => isFile(join(folder, name))));
  const file = names.find((_, i) => there[i]);
  if (file === undefined) {
    throw new VoiceFlowError('model-not-found', `${folder} has none of the files of its manifest: ${names.join(', ')}`);
  }
  return { manifest, file, read: async (signal) => readFile(join(folder, file), { signal }) };
}

async function readManifest(path: string): Promise<ModelManifest> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new VoiceFlowError('model-not-found', `cannot read ${path}: ${explainSystemError(cause)}`, {
      hint: 'Name a folder with a manifest.json and its weights',
      cause,
    });
  });
  try {
    const manifest: unknown = JSON.parse(text);
    if (isManifest(manifest)) return manifest;
  } catch {
    // Told below, as for any other text.
  }
  throw new VoiceFlowError('model-incompatible', `${path} is no manifest of a model: expected id, version and files`);
}

/** What is needed to load it; the pipeline checks its own settings. */
function isManifest(value: unknown): value is ModelManifest {
  if (typeof value !== 'object' || value === null) return false;
  const { id, version, files, settings } = value as Record<string, unknown>;
  const isObject = (part: unknown) => typeof part === 'object' && part !== null;
  return typeof id === 'string' && typeof version === 'string' && isObject(files) && isObject(settings);
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
