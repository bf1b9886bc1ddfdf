import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileError } from '../errors.ts';
import { planOutputs } from './outputs.ts';

const input = (path: string, name: string) => ({ path, name });

describe('planOutputs', () => {
  it('names the files of results after the inputs', async () => {
    const inputs = [input('a/p.wav', 'p.wav'), input('a/p.flac', 'p.flac'), input('a/b/q.wav', 'b/q')];
    const planned = await planOutputs(inputs, { out: 'out', format: 'rttm', timeline: 'images/' });
    expect(planned.map(({ file, timeline, fileId }) => [file, timeline, fileId])).toEqual(
      ['p.wav', 'p.flac', 'b/q'].map((name) => {
        return [join('out', `${name}.rttm`), join('images', `${name}.svg`), name.replace('b/', '')];
      }),
    );
  });

  it('refuses two results with one path, but not for an input that cannot be read', async () => {
    const [first, second] = [input('a/p.wav', 'p'), input('b/p.wav', 'p')];
    await expect(planOutputs([first, second], { out: 'out' })).rejects.toThrow(
      `a/p.wav and b/p.wav would both be written to ${join('out', 'p.txt')}`,
    );
    const unreadable = { ...second, error: new FileError('permission denied') };
    const planned = await planOutputs([first, unreadable], { out: 'out' });
    expect(planned.map(({ input: { path } }) => path)).toEqual(['a/p.wav', 'b/p.wav']);
  });
});
