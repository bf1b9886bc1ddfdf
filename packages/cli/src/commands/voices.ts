import { didYouMean, flag, requiredText, UsageError, unknownAction } from '@voiceflow-ml/server/args';
import { defineCommand } from '../command.ts';
import { EXIT, FileError } from '../errors.ts';
import { changeBook, readBook } from '../files/book.ts';
import type { Io } from '../io.ts';
import { table } from '../render/table.ts';

const options = {
  book: requiredText('FILE.json', 'the voice book'),
  json: flag('list: print JSON'),
};

/** The actions, with their numbers of names. */
const ACTIONS: ReadonlyMap<string, number> = new Map(Object.entries({ list: 0, remove: 1, rename: 2 }));

export const voices = defineCommand({
  usage: 'list | remove NAME | rename NAME NEW-NAME --book voices.json',
  details: [
    'Use enroll to add voices. A recording cannot be taken out of a voice: remove the voice and enroll it again. Spaces at the start and the end of a name are ignored.',
  ],
  options,
  examples: [
    { command: 'voiceflow voices list --book voices.json', does: 'list the voices, with their seconds of speech' },
    { command: 'voiceflow voices remove Ada --book voices.json', does: 'remove a voice' },
    { command: 'voiceflow voices rename Ada "Ada L" --book voices.json', does: 'rename a voice' },
  ],
  async run({ book, json }, [action = '', ...names], { io, signal }) {
    const expected = ACTIONS.get(action);
    if (expected === undefined) throw unknownAction('voices', action, [...ACTIONS.keys()]);
    if (names.length !== expected) {
      throw new UsageError(
        `voices ${action} needs ${expected} ${expected === 1 ? 'name' : 'names'}, received ${names.length}`,
      );
    }
    if (json && action !== 'list') throw new UsageError('--json can only be used with voices list');
    const [name = '', after = ''] = names;
    if (action === 'list') await list(book, json, io, signal);
    else if (action === 'rename') await changeBook(book, (before) => before.rename(name, after));
    else await remove(book, name);
    return EXIT.done;
  },
});

async function list(path: string, json: boolean, io: Io, signal: AbortSignal): Promise<void> {
  const { voices: all, space } = await readBook(path, signal);
  if (json) {
    const shown = all.map(({ name, seconds, samples, consistency }) => ({ name, seconds, samples, consistency }));
    return io.out(`${JSON.stringify({ space, voices: shown }, null, 2)}\n`);
  }
  const rows = all.map(({ name, seconds, samples, consistency }) => {
    return [name, seconds.toFixed(1), String(samples), consistency.toFixed(2)];
  });
  await io.out(table([['name', 'seconds', 'samples', 'consistency'], ...rows], { right: [1, 2, 3] }));
}

async function remove(path: string, name: string): Promise<void> {
  await changeBook(path, (book) => {
    const after = book.remove(name);
    if (after !== book) return after;
    const names = book.voices.map((voice) => voice.name);
    const hint = didYouMean(name, names, 'See voiceflow voices list');
    throw new FileError(`${path}: there is no voice "${name}"`, { hint });
  });
}
