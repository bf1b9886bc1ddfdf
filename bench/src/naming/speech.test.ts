import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPeople } from './speech.ts';

async function fileOf(name: string, ...rows: readonly (readonly (string | number)[])[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'voiceflow-people-')), name);
  await writeFile(path, `${rows.map((row) => row.join('\t')).join('\n')}\n`);
  return path;
}

describe('reading who speaks where', () => {
  it('takes the people of an index of speech, with their corpus and recordings', async () => {
    const index = await fileOf(
      'index.tsv',
      ['file', 'start_s', 'end_s', 'speaker', 'corpus', 'utt'],
      ['a.opus', 0, 2, 'x', 'read', 'one'],
      ['a.opus', 2, 3, 'x', 'read', 'one'],
      ['b.opus', 1, 4, 'x', 'read', 'two'],
      ['b.opus', 5, 6, 'y', 'phone', 'three'],
    );
    const people = await readPeople(index);
    expect(
      people.map(({ name, corpus, recordings }) => [name, corpus, recordings.map((pieces) => pieces.length)]),
    ).toEqual([
      ['x', 'read', [2, 1]],
      ['y', 'phone', [1]],
    ]);
  });

  it('takes the corpus of a person in trials from pairs of the same person, and the longest pieces once', async () => {
    const trials = await fileOf(
      'trials.tsv',
      ['len_s', 'target', 'file_a', 'start_a', 'file_b', 'start_b', 'spk_a', 'spk_b', 'corpus'],
      [1, 1, 'p.opus', 9, 'p.opus', 19, 'x', 'x', 'read'],
      [4, 1, 'p.opus', 0, 'q.opus', 8, 'x', 'x', 'read'],
      [4, 1, 'q.opus', 0, 'q.opus', 4, 'y', 'y', 'phone'],
      [4, 0, 'p.opus', 0, 'q.opus', 4, 'x', 'y', 'cross'],
    );
    const people = await readPeople(trials);
    expect(people.map(({ name, corpus, recordings }) => [name, corpus, recordings.length])).toEqual([
      ['x', 'read', 2],
      ['y', 'phone', 2],
    ]);
  });

  it('names a file that does not exist, and one of another kind', async () => {
    await expect(readPeople('/nowhere.tsv')).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(readPeople(await fileOf('other.tsv', ['a', 'b']))).rejects.toMatchObject({ code: 'invalid-option' });
  });
});
