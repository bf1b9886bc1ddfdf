import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { VoiceFlowError } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import type { ModelManifest, ModelPackage } from '../contract/model.ts';
import { rewriteGraph } from './graph/rewrite.ts';

/**
 * Opens a model from a folder with `manifest.json` and one of the files listed in it (and one of the segmenter's files,
 * if the manifest has a segmenter). With `embedded`, the model uses the network that is embedded in VoiceFlow, alone or
 * together with a network in the folder.
 * @throws `model-not-found` if a file is missing; `model-incompatible` for an invalid manifest.
 */
export async function modelFromFolder(folder: string): Promise<ModelPackage> {
  const manifest = await readManifest(join(folder, 'manifest.json'));
  const segmenter = manifest.segmenter && (await packageIn(folder, manifest.segmenter));
  if (manifest.embedded === undefined) return { ...(await packageIn(folder, manifest)), segmenter };
  if (Object.keys(manifest.files).length === 0) return { ...withVoices(manifest), segmenter };
  return { ...(await packageIn(folder, manifest)), segmenter, windows: fastCnn };
}

/** Uses the embedded network as the main network, with its embedding space and its settings as defaults. */
function withVoices({ files: _, ...manifest }: ModelManifest): ModelPackage {
  const { files, inputs, outputs, space, settings } = fastCnn.manifest;
  const all = { ...settings, ...manifest.settings };
  return { ...fastCnn, manifest: { ...manifest, files, inputs, outputs, space, settings: all } };
}

async function packageIn(folder: string, manifest: ModelManifest): Promise<ModelPackage> {
  // Exclude tables of numbers, which are additional files of a network.
  const names = Object.keys(manifest.files).filter((name) => !name.endsWith('.npz'));
  const present = await Promise.all(names.map((name) => isFile(join(folder, name))));
  const file = names.find((_, i) => present[i]);
  if (file === undefined) {
    throw new VoiceFlowError('model-not-found', `${folder} has none of the files in its manifest: ${names.join(', ')}`);
  }
  const open = async (name: string, signal?: AbortSignal) => {
    return readFile(join(folder, name), { signal: signal ?? undefined }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw new VoiceFlowError('model-not-found', `${folder} has no ${name}, which its manifest lists`, {
        hint: `Run voiceflow models pull ${manifest.id}`,
        cause,
      });
    });
  };
  return { manifest, file, read: (signal) => open(file, signal), rewrite: rewriteGraph, readFile: open };
}

async function readManifest(path: string): Promise<ModelManifest> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new VoiceFlowError(
      'model-not-found',
      `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: 'Pass a folder with a manifest.json and its weights', cause },
    );
  });
  return parseManifest(text, path);
}

/** Parses a manifest. @param path Path for error messages. @throws `model-incompatible`. */
export function parseManifest(text: string, path: string): ModelManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidManifest(path, `it is not valid JSON: ${(cause as Error).message}`, cause);
  }
  const wrong = problemOf(value);
  if (wrong !== undefined) throw invalidManifest(path, wrong);
  // A cast: `problemOf` checked the required parts; missing settings are reported by the pipeline.
  return withDefaults(value as unknown as StoredManifest);
}

/** In manifests pulled before 0.2, the license field is named `licence`. */
type StoredManifest = Omit<ModelManifest, 'settings' | 'license'> &
  Partial<Pick<ModelManifest, 'settings' | 'license'>> & { readonly licence?: string };

function withDefaults({ licence = '', license = licence, settings = {}, ...manifest }: StoredManifest): ModelManifest {
  return { ...manifest, license, settings };
}

/** Required fields of a manifest. The pipeline checks its settings. */
const PARTS = { id: 'string', version: 'string', pipeline: 'string', files: 'object' } as const;

function problemOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is not an object';
  const names = Object.keys(PARTS) as (keyof typeof PARTS)[];
  const wrong = names.filter((name) => {
    return PARTS[name] === 'object' ? !isObject(value[name]) : typeof value[name] !== PARTS[name];
  });
  if (wrong.length > 0)
    return wrong
      .map((name) => `${name} is ${value[name] === undefined ? 'missing' : `not of type ${PARTS[name]}`}`)
      .join(', ');
  if (value.settings !== undefined && !isObject(value.settings)) return 'settings is not an object';
  for (const side of ['inputs', 'outputs']) {
    if (value[side] !== undefined && !Array.isArray(value[side])) return `${side} is not a list`;
  }
  const inner = value.segmenter === undefined ? undefined : problemOf(value.segmenter);
  return inner && `in segmenter, ${inner}`;
}

function invalidManifest(path: string, why: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('model-incompatible', `${path} is not a valid model manifest: ${why}`, { cause });
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
