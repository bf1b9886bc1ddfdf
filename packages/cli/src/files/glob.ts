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
 * A matcher for paths with forward slashes: `*` and `?` within a part, `**` over parts, `[a-z]`, `[!a-z]`, `{wav,flac}`.
 * An unclosed bracket or brace stands for itself.
 */
export function globToRegExp(pattern: string): RegExp {
  return new RegExp(`^${translate(slashes(pattern).replace(/^\.\//, ''))}$`, 'su');
}

function translate(glob: string): string {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob.charAt(i);
    if (char === '*') {
      const deep = glob[i + 1] === '*';
      const whole = deep && (i === 0 || glob[i - 1] === '/') && glob[i + 2] === '/';
      source += whole ? '(?:[^/]+/)*' : deep ? '.*' : '[^/]*';
      i += whole ? 2 : deep ? 1 : 0;
    } else if (char === '?') source += '[^/]';
    else if (char === '[' && glob.indexOf(']', i + 2) > 0) {
      const end = glob.indexOf(']', i + 2);
      const body = glob
        .slice(i + 1, end)
        .replace(/^!/, '^')
        .replace(/[\\[\]&~|]/g, '\\$&');
      source += `(?!/)[${body}]`;
      i = end;
    } else if (char === '{' && glob.indexOf('}', i) > 0) {
      const end = glob.indexOf('}', i);
      source += `(?:${glob
        .slice(i + 1, end)
        .split(',')
        .map(translate)
        .join('|')})`;
      i = end;
    } else source += char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return source;
}

/** A path with forward slashes. */
export function slashes(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
