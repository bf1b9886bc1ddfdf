import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { codeOf, explainSystemError, FileError } from '../errors.ts';
import { globBase, globMatcher, hasGlob, slashes } from './glob.ts';
import { statsOf } from './open.ts';

/** An input file, or the error for an argument that gave none. */
export interface Input {
  /** The path as displayed; `-` is standard input. */
  readonly path: string;
  /** Path of its outputs below the output folder, without extension: `b/c` for `a/b/c.wav` found in the folder `a`. */
  readonly name: string;
  readonly error?: FileError;
}

/** Files of a folder with these extensions are opened; their bytes then decide whether they are audio. */
const AUDIO_EXTENSIONS = new Set(
  '.wav .wave .bwf .rf64 .w64 .flac .mp3 .ogg .oga .opus .m4a .aac .aif .aiff .aifc .caf .wma .webm .mp4'.split(' '),
);

/**
 * Resolves arguments to files: files, folders (with their subfolders), globs, `-`. Each file appears once, in the order
 * of the arguments and of the names inside a folder. An argument without a file gives an entry with an error.
 */
export async function findInputs(args: readonly string[]): Promise<Input[]> {
  const seen = new Set<string>();
  const found: Input[] = [];
  for (const arg of args) {
    for (const input of await expand(arg)) {
      const key = input.path === '-' ? '-' : resolve(input.path);
      if (!seen.has(key)) found.push(input);
      seen.add(key);
    }
  }
  return found;
}

async function expand(arg: string): Promise<Input[]> {
  if (arg === '-') return [{ path: arg, name: 'stdin' }];
  try {
    return (await stat(arg)).isDirectory() ? await audioIn(arg) : [{ path: arg, name: stem(basename(arg)) }];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && hasGlob(arg)) return expandGlob(arg).catch((reason) => [failed(arg, reason)]);
    return [failed(arg, new FileError(explainSystemError(error), { hint: 'Check the path', cause: error }))];
  }
}

async function audioIn(folder: string): Promise<Input[]> {
  const files = (await walk(folder)).filter((file) => AUDIO_EXTENSIONS.has(extname(file).toLowerCase()));
  if (files.length > 0) return files.map((file) => ({ path: file, name: stem(relative(folder, file)) }));
  const error = new FileError('no audio file in this folder or its subfolders', {
    hint: 'In folders, files are found by their extension, such as .wav; give the path of a file with another extension',
  });
  return [failed(folder, error)];
}

async function expandGlob(pattern: string): Promise<Input[]> {
  const base = globBase(pattern);
  const matches = globMatcher(pattern);
  const below = slashes(pattern.slice(base.length))
    .split('/')
    .filter((part) => part !== '' && part !== '.').length;
  const depth = pattern.includes('**') ? Number.POSITIVE_INFINITY : below;
  const files = (await walk(base || '.', depth)).map((file) => (base === '' ? relative('.', file) : file));
  const found = files.filter((file) => matches(slashes(file)));
  if (found.length > 0) return found.map((file) => ({ path: file, name: stem(relative(base || '.', file)) }));
  return [failed(pattern, new FileError('no file matches this pattern', { hint: 'Check the pattern' }))];
}

/** Files down to `depth` levels, sorted by name. Hidden files are skipped, links to folders are not followed. */
async function walk(folder: string, depth = Number.POSITIVE_INFINITY): Promise<string[]> {
  if (depth < 1) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  const visible = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const found: string[] = [];
  for (const entry of visible) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await walk(path, depth - 1)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await statsOf(path))?.isFile())) found.push(path);
  }
  return found;
}

function failed(path: string, error: FileError): Input {
  return { path, name: stem(basename(path)), error };
}

function stem(path: string): string {
  const extension = extname(path);
  return extension === '' ? path : path.slice(0, -extension.length);
}
