import { describe, expect, it } from 'vitest';
import { colorDepth, speaksUnicode } from './screen.ts';

const terminal = { getColorDepth: () => 24 };

describe('colorDepth', () => {
  it.each([
    ['a terminal', terminal, {}, 24],
    ['no terminal', undefined, {}, 1],
    ['NO_COLOR', terminal, { NO_COLOR: '1' }, 1],
    ['an empty NO_COLOR, which counts as none', terminal, { NO_COLOR: '' }, 24],
    ['FORCE_COLOR into a pipe', undefined, { FORCE_COLOR: '1' }, 4],
    ['FORCE_COLOR=3', undefined, { FORCE_COLOR: '3' }, 24],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, 1],
  ])('%s', (_, stream, env, depth) => {
    expect(colorDepth(stream, env)).toBe(depth);
  });
});

describe('speaksUnicode', () => {
  it.each([
    [{ LANG: 'en_US.UTF-8' }, 'linux', true],
    [{ LC_ALL: 'C.utf8', LANG: 'C' }, 'linux', true],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux', false],
    [{}, 'linux', false],
    [{ LANG: 'de_DE.UTF-8', TERM: 'linux' }, 'linux', false],
    [{}, 'darwin', true],
    [{}, 'win32', true],
  ])('%j on %s: %s', (env, platform, unicode) => {
    expect(speaksUnicode(env, platform)).toBe(unicode);
  });
});
