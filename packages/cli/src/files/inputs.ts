import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { codeOf, explainSystemError, FileError } from '../errors.ts';
import { folderMatcher, globBase, globMatcher, hasGlob, slashes } from './glob.ts';
import { unreadable } from './open.ts';

/** An input file, or the error for an argument that gave none. */
export interface Input {
  /** The path as displayed; `-` is standard input. */
  readonly path: string;
  /**
   * Path of its outputs below the output folder, without their extension: `b/c` for `a/b/c.wav` found in the folder
   * `a`; `b/c.wav` if there is also `a/b/c.flac`.
   */
  readonly name: string;
  readonly error?: FileError;
}

/** Files of a folder with these extensions are opened; their bytes then decide whether they are audio. */
const AUDIO_EXTENSIONS = new Set(
  '.wav .wave .bwf .rf64 .w64 .flac .mp3 .ogg .oga .opus .m4a .aac .aif .aiff .aifc .caf .wma .webm .mp4'.split(' '),
);

/** Whether a file's name says that it is audio. */
export function isAudioName(path: string): boolean {
  return AUDIO_EXTENSIONS.has(extname(path).toLowerCase());
}

/**
 * Resolves arguments to files: files, folders (with their subfolders), globs, `-`. Each file appears once, in the order
 * of the arguments and of the names inside a folder. An argument without a file gives an entry with an error, and so
 * does each unreadable subfolder and each link that leads nowhere.
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
  return withDistinctNames(found);
}

/** Appends the extension of the file to names that files with different extensions share. */
function withDistinctNames(inputs: readonly Input[]): Input[] {
  const named = inputs.map((input) => ({ ...input, extension: extname(input.path) }));
  for (;;) {
    const usable = named.filter(({ error }) => error === undefined);
    const pairs = new Map(usable.map(({ name, extension }) => [`${name} ${extension}`, name]));
    const shared = repeated([...pairs.values()]);
    // A longer name may be that of another file: of p.wav, p.flac and p.wav.mp3, all three need their extension.
    const short = usable.filter(({ name, extension }) => shared.has(name) && extension !== '');
    if (short.length === 0) return named.map(({ extension: _, ...input }) => input);
    for (const input of short) {
      input.name += input.extension;
      input.extension = '';
    }
  }
}

/** The names that occur more than once. */
export function repeated(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
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
  const found = await walk(folder, { takes: isAudioName });
  if (found.length > 0) return found.map((entry) => inputOf(entry, relative(folder, entry.path)));
  const error = new FileError('no audio file in this folder or its subfolders', {
    hint: 'In folders, files are found by their extension, such as .wav; give the path of a file with another extension',
  });
  return [failed(folder, error)];
}

async function expandGlob(pattern: string): Promise<Input[]> {
  const base = globBase(pattern);
  const shown = (path: string) => slashes(base === '' ? relative('.', path) : path);
  const [matches, mayContain] = [globMatcher(pattern), folderMatcher(pattern)];
  const found = await walk(base || '.', {
    takes: (file) => matches(shown(file)),
    enters: (folder) => mayContain(shown(folder)),
  });
  if (found.length > 0) {
    return found.map(({ path, error }) => {
      return inputOf({ path: base === '' ? relative('.', path) : path, error }, relative(base || '.', path));
    });
  }
  return [failed(pattern, new FileError('no file matches this pattern', { hint: 'Check the pattern' }))];
}

/** A file of a folder, or a folder or link that cannot be read. */
interface Entry {
  readonly path: string;
  readonly error?: FileError | undefined;
}

interface WalkOptions {
  /** Whether a file is returned. Links are followed only for such names. */
  readonly takes: (file: string) => boolean;
  /** Whether a subfolder is searched. Default: all. */
  readonly enters?: (folder: string) => boolean;
}

/**
 * The files of a folder and its subfolders, sorted by name, and what cannot be read in them. Hidden files are skipped,
 * links to folders are not followed.
 */
async function walk(folder: string, options: WalkOptions): Promise<Entry[]> {
  const { takes, enters = () => true } = options;
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // The folder does not exist: it was removed, or the pattern matches nothing.
    return isMissing(error) ? [] : [{ path: folder, error: unreadable(error) }];
  }
  const visible = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const found: Entry[] = [];
  for (const entry of visible) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (enters(path)) found.push(...(await walk(path, options)));
    } else if (takes(path)) {
      if (entry.isFile()) found.push({ path });
      else if (entry.isSymbolicLink()) found.push(...(await follow(path)));
    }
  }
  return found;
}

/** The file that a link leads to; nothing for a link to a folder. */
async function follow(path: string): Promise<Entry[]> {
  try {
    return (await stat(path)).isFile() ? [{ path }] : [];
  } catch (error) {
    const dangling = new FileError('is a link to a file that does not exist', { hint: 'Remove or correct the link' });
    return [{ path, error: isMissing(error) ? dangling : unreadable(error) }];
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
}

/** @param place The path below the folder of the argument. */
function inputOf({ path, error }: Entry, place: string): Input {
  return error === undefined ? { path, name: stem(place) } : { path, name: stem(place), error };
}

function failed(path: string, error: FileError): Input {
  return { path, name: stem(basename(path)), error };
}

function stem(path: string): string {
  const extension = extname(path);
  return extension === '' ? path : path.slice(0, -extension.length);
}
