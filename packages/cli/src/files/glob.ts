import picomatch from 'picomatch';
import { FileError } from '../errors.ts';

const SPECIAL = /[*?[{]/;

/** Whether a path that is no file may be a pattern (shells that expand patterns themselves leave unmatched ones). */
export function hasGlob(path: string): boolean {
  return SPECIAL.test(path);
}

/** The folder above the first part of the pattern that is special; empty for the current one. */
export function globBase(pattern: string): string {
  const parts = slashes(pattern).split('/');
  const special = parts.findIndex((part) => SPECIAL.test(part));
  const base = parts.slice(0, Math.max(0, special)).join('/');
  return base === '' && pattern.startsWith('/') ? '/' : base;
}

/**
 * Whether paths with forward slashes match: `*` and `?` within a part, `**` over parts, `[a-z]`, `[!a-z]`,
 * `{wav,flac}`, `{1..9}`. Everything else stands for itself, as an unclosed bracket or brace does.
 * @throws FileError for a pattern that is too long.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const literal = slashes(pattern).replace(/^\.\//, '').replace(/[()|]/g, '\\$&');
  try {
    return picomatch(literal, { dot: true, noextglob: true, nonegate: true, posix: true, windows: false });
  } catch (cause) {
    throw new FileError(`this pattern cannot be read: ${(cause as Error).message}`, {
      hint: 'Check the pattern',
      cause,
    });
  }
}

/** A path with forward slashes. */
export function slashes(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
