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

/**
 * Makes a matcher for folders, as paths with forward slashes: whether the pattern may match a file in the folder or
 * below it.
 */
export function folderMatcher(pattern: string): (folder: string) => boolean {
  const parts = slashes(pattern)
    .split('/')
    .filter((part, i) => part !== '.' && (part !== '' || i === 0));
  const stars = parts.findIndex((part) => part.includes('**'));
  const deepest = stars < 0 ? parts.length - 1 : Number.POSITIVE_INFINITY;
  // A brace or bracket with a slash in it extends over several parts: every folder may match.
  const compared = /[{[][^}\]]*\//.test(pattern) ? 0 : stars < 0 ? parts.length - 1 : stars;
  const prefixes = Array.from({ length: compared }, (_, i) => parts.slice(0, i + 1).join('/'));
  const matchers = prefixes.map((prefix) => (prefix === '' ? undefined : globMatcher(prefix)));
  return (folder) => {
    const own = folder.split('/');
    if (own.length > deepest) return false;
    const matches = matchers[Math.min(own.length, compared) - 1];
    return matches === undefined || matches(own.slice(0, compared).join('/'));
  };
}

/** A path with forward slashes. */
export function slashes(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
