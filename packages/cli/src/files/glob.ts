import picomatch from 'picomatch';
import { FileError } from '../errors.ts';

const SPECIAL = /[*?[{]/;

/** Whether a path that is not a file may be a pattern. Shells pass on a pattern that matches nothing. */
export function hasGlob(path: string): boolean {
  return SPECIAL.test(path);
}

/** The folder before the first path part with a special character; empty for the current folder. */
export function globBase(pattern: string): string {
  const parts = slashes(pattern).split('/');
  const special = parts.findIndex((part) => SPECIAL.test(part));
  const base = parts.slice(0, Math.max(0, special)).join('/');
  return base === '' && pattern.startsWith('/') ? '/' : base;
}

/**
 * Makes a matcher for paths with forward slashes: `*` and `?` within a path part, `**` across parts, `[a-z]`, `[!a-z]`,
 * `{wav,flac}`, `{1..9}`. Everything else is literal, also an unclosed bracket or brace.
 * @throws FileError for a pattern that is too long.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const literal = slashes(pattern).replace(/^\.\//, '').replace(/[()|]/g, '\\$&');
  try {
    return picomatch(literal, { dot: true, noextglob: true, nonegate: true, posix: true, windows: false });
  } catch (cause) {
    throw new FileError(`invalid pattern: ${(cause as Error).message}`, {
      hint: 'Check the pattern',
      cause,
    });
  }
}

/** A path with forward slashes. */
export function slashes(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
