import { describe, expect, it } from 'vitest';
import { globBase, globToRegExp, hasGlob } from './glob.ts';

describe('globToRegExp', () => {
  it.each([
    ['*.wav', ['a.wav', '.wav'], ['a/b.wav', 'a.wavx', 'awav']],
    ['a/**/*.wav', ['a/x.wav', 'a/b/c/x.wav'], ['b/x.wav', 'a/x.mp3']],
    ['**/x.wav', ['x.wav', 'a/b/x.wav'], ['ax.wav']],
    ['a/**', ['a/b', 'a/b/c.wav'], ['b']],
    ['call-?.wav', ['call-1.wav'], ['call-12.wav', 'call-/.wav']],
    ['call-[0-3].wav', ['call-0.wav', 'call-3.wav'], ['call-4.wav']],
    ['call-[!0-3].wav', ['call-4.wav'], ['call-0.wav']],
    ['*.{wav,flac}', ['a.wav', 'b.flac'], ['a.mp3', 'a.{wav,flac}']],
    ['{a,b*}/x', ['a/x', 'bcd/x'], ['c/x']],
    ['a+(b).wav', ['a+(b).wav'], ['aab.wav']],
    ['./a*.wav', ['ab.wav'], ['./ab.wav']],
    ['a[b.wav', ['a[b.wav'], ['ab.wav']],
    ['a{b.wav', ['a{b.wav'], ['ab.wav']],
    ['日*.wav', ['日本.wav'], ['本.wav']],
  ])('%s', (pattern, matches, others) => {
    const matcher = globToRegExp(pattern);
    for (const path of matches) expect(matcher.test(path), path).toBe(true);
    for (const path of others) expect(matcher.test(path), path).toBe(false);
  });

  it('never takes long for a name that almost matches', () => {
    expect(globToRegExp('*a*a*a*a*b').test('a'.repeat(40))).toBe(false);
  });
});

describe('globBase and hasGlob', () => {
  it.each([
    ['a/b/*.wav', 'a/b'],
    ['*.wav', ''],
    ['/x/**/y.wav', '/x'],
    ['/*.wav', '/'],
    ['a/{b,c}/d.wav', 'a'],
  ])('%s begins in %j', (pattern, base) => {
    expect(hasGlob(pattern)).toBe(true);
    expect(globBase(pattern)).toBe(base);
  });

  it('takes plain names for no pattern', () => {
    expect(hasGlob('a b(1).wav')).toBe(false);
  });
});
