import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderMatcher, globBase, globMatcher, hasGlob } from './glob.ts';

describe('globMatcher', () => {
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
    ['{a,{b,c}}.wav', ['a.wav', 'b.wav', 'c.wav'], ['d.wav', '{a,b}.wav']],
    ['{1..3}.wav', ['1.wav', '3.wav'], ['4.wav']],
    ['x[z-a].wav', [], ['xb.wav', 'x.wav']],
    ['a(b|c)*.wav', ['a(b|c)d.wav'], ['ab.wav']],
    ['@(b)?', ['@(b)c'], ['bc']],
    ['!a*', ['!ab'], ['b']],
    ['日*.wav', ['日本.wav'], ['本.wav']],
  ])('%s', (pattern, matches, others) => {
    const matcher = globMatcher(pattern);
    for (const path of matches) expect(matcher(path), path).toBe(true);
    for (const path of others) expect(matcher(path), path).toBe(false);
  });

  it('accepts any pattern', () => {
    const char = fc.constantFrom(...'ab/.*?[]{}(),!^-\\+@|$\n日'.split(''));
    const law = fc.property(
      fc.string({ unit: char, maxLength: 20 }),
      fc.string({ unit: char, maxLength: 8 }),
      (glob, path) => {
        fc.pre(glob !== '' && glob !== './');
        expect(typeof globMatcher(glob)(path)).toBe('boolean');
      },
    );
    fc.assert(law, { seed: 4, numRuns: 2000 });
    expect(() => globMatcher('*'.repeat(70_000))).toThrow('invalid pattern');
  });

  it('takes linear time for names that almost match', () => {
    expect(globMatcher('*a*a*a*a*b')('a'.repeat(40))).toBe(false);
  });
});

describe('folderMatcher', () => {
  it.each([
    ['*.wav', [], ['a']],
    ['a/*/x.wav', ['a', 'a/b'], ['b', 'a/b/c']],
    ['./a*/x.wav', ['ab'], ['b']],
    ['/a/b*/**/x.wav', ['/a/b', '/a/bc/d/e'], ['/a/c', '/a/c/b']],
    ['**/x.wav', ['a', 'a/b/c'], []],
    ['{a/b,c}/x.wav', ['a', 'a/b', 'c'], ['a/b/c']],
  ])('%s', (pattern, entered, skipped) => {
    const matcher = folderMatcher(pattern);
    for (const folder of entered) expect(matcher(folder), folder).toBe(true);
    for (const folder of skipped) expect(matcher(folder), folder).toBe(false);
  });

  it('enters every folder with a file that the pattern matches', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab**?[]{},.'.split('')), minLength: 1, maxLength: 4 });
    const glob = fc.oneof(text, fc.constantFrom('*', '**', 'a*', '{a,b}', '{a/b,a}'));
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 2 });
    const some = { minLength: 2, maxLength: 4 };
    let matched = 0;
    const law = fc.property(fc.array(glob, some), fc.array(name, some), (globs, names) => {
      if (!globMatcher(globs.join('/'))(names.join('/'))) return;
      matched++;
      for (let depth = 1; depth < names.length; depth++)
        expect(folderMatcher(globs.join('/'))(names.slice(0, depth).join('/'))).toBe(true);
    });
    fc.assert(law, { seed: 5, numRuns: 5000 });
    expect(matched).toBeGreaterThan(200);
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

  it('does not treat plain names as patterns', () => {
    expect(hasGlob('a b(1).wav')).toBe(false);
  });
});
