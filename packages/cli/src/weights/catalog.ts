import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { didYouMean, UsageError } from '@voiceflow-ml/server/args';
import { type ModelManifest, VoiceFlowError } from 'voiceflow-ml/core';

/** One file of weights: how to check it, and where to download it. */
export interface WeightsFile {
  readonly bytes: number;
  /** Lowercase hex. */
  readonly sha256: string;
  /** Public addresses of the file, tried in this order; absent for files that come in a package. */
  readonly urls?: readonly string[];
}

/** The part of a model's manifest that `models` uses. */
export interface CatalogEntry extends Pick<ModelManifest, 'id' | 'version' | 'space' | 'license'> {
  readonly files: Readonly<Record<string, WeightsFile>>;
}

/** A manifest as published. A model of two networks has the second one's manifest inside. */
interface Manifest extends CatalogEntry {
  readonly segmenter?: Pick<CatalogEntry, 'files'>;
}

/** Models whose weights are downloaded, each with the package and file name of its manifest. */
const PULLED = {
  light: ['@voiceflow-ml/accurate', 'light.json'],
  accurate: ['@voiceflow-ml/accurate', 'manifest.json'],
  pyannote: ['@voiceflow-ml/pyannote', 'manifest.json'],
} as const;

/** Models whose weights come with the command. */
const EMBEDDED = { 'fast-cnn': '@voiceflow-ml/fast-cnn', segmenter: '@voiceflow-ml/segmenter' } as const;

export interface ListedModel {
  readonly entry: CatalogEntry;
  /** The manifest that is installed beside downloaded weights. */
  readonly manifest?: object;
  /** Folder of weights that come in a package; absent for downloaded ones. */
  readonly folder?: string;
}

export async function catalog(): Promise<ListedModel[]> {
  return Promise.all([...Object.keys(EMBEDDED), ...Object.keys(PULLED)].map(find));
}

/** @throws UsageError for a name that is not in the catalog. */
export async function find(name: string): Promise<ListedModel> {
  if (Object.hasOwn(PULLED, name)) {
    const [pack, file] = PULLED[name as keyof typeof PULLED];
    const manifest = await readJson<Manifest>(pack, file);
    return { entry: { ...manifest, files: { ...manifest.segmenter?.files, ...manifest.files } }, manifest };
  }
  if (Object.hasOwn(EMBEDDED, name)) {
    const pack = EMBEDDED[name as keyof typeof EMBEDDED];
    const entry = await readJson<Manifest>(pack, 'manifest.json');
    const { files: published = [] } = await readJson<{ readonly files?: readonly string[] }>(pack, 'package.json');
    // The manifest lists every variant of the weights; the package contains one.
    const files = Object.fromEntries(Object.entries(entry.files).filter(([name]) => published.includes(name)));
    return { entry: { ...entry, files }, folder: folderOf(pack) };
  }
  const names = [...Object.keys(EMBEDDED), ...Object.keys(PULLED)];
  if (name === 'standard') {
    throw new UsageError('standard consists of fast-cnn and segmenter, which come with VoiceFlow', 'Name one of them');
  }
  throw new UsageError(`there is no model "${name}"`, didYouMean(name, names, `The models are ${names.join(', ')}`));
}

async function readJson<T>(pack: string, file: string): Promise<T> {
  try {
    return JSON.parse(await readFile(join(folderOf(pack), file), 'utf8')) as T;
  } catch (cause) {
    throw new VoiceFlowError('model-corrupt', `cannot read ${file} in the package ${pack}`, {
      hint: 'Reinstall @voiceflow-ml/cli',
      cause,
    });
  }
}

function folderOf(pack: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${pack}/package.json`));
}
