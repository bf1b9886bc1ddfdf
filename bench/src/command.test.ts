import { choice, flag, integer, number, or, text } from '@voiceflow-ml/server/args';
import { expect, expectTypeOf, it } from 'vitest';
import { type BenchIo, command, settings } from './command.ts';

const io: BenchIo = { out: () => {}, note: () => {} };
let seen: unknown;
const made = command({
  summary: 'does nothing',
  words: 'FOLDER…',
  about: 'About it.',
  options: {
    runs: integer([1, 10], 3, 'how often'),
    rate: number([0, 2], 'R', 'of it all'),
    how: or(choice(['well', 'badly'], 'or badly'), 'well'),
    set: settings('settings'),
    out: text('FILE', 'where to'),
    json: flag('as JSON'),
  },
  notes: 'Example',
  async run(values, _, folders) {
    expectTypeOf(values.runs).toEqualTypeOf<number>();
    expectTypeOf(values.rate).toEqualTypeOf<number | undefined>();
    expectTypeOf(values.how).toEqualTypeOf<'well' | 'badly'>();
    seen = { ...values, folders };
    return values.json ? 1 : 'no code';
  },
});

it('reads positional arguments and options in any order, and uses defaults for missing options', async () => {
  expect(await made.run(['a', '--json', '--set', 'turns.onset=0.6,hop=0.48', 'b'], io)).toBe(1);
  const set = { 'turns.onset': 0.6, hop: 0.48 };
  const rest = { rate: undefined, out: undefined, how: 'well' };
  expect(seen).toEqual({ ...rest, runs: 3, set, json: true, folders: ['a', 'b'] });
  expect(await made.run(['a', '--rate=0.5', '--how', 'badly', '--runs', '10', '--out', 'x'], io)).toBe(0);
  expect(seen).toEqual({ rate: 0.5, how: 'badly', runs: 10, out: 'x', set: {}, json: false, folders: ['a'] });
});

it.each([
  [[], /FOLDER… is missing/],
  [['a', '--runs', '11'], /--runs is "11", expected a whole number from 1 to 10/],
  [['a', '--runs', '1.5'], /--runs is "1.5", expected a whole number/],
  [['a', '--rate', ''], /--rate needs a value: a number from 0 to 2/],
  [['a', '--how', 'so'], /one of well, badly/],
  [['a', '--set', 'hop'], /path=number/],
  [['a', '--out'], /--out/],
  [['a', '--nothing'], /--nothing/],
] as const)('rejects %j', async (args, told) => {
  await expect(made.run(args, io)).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringMatching(told),
  });
});

it('lists the options in its help', () => {
  expect(made.help('make')).toBe(`npm run bench -- make FOLDER… [options]

About it.

  --runs 3       how often
  --rate R       of it all
  --how well     or badly
  --set A=1,B=2  settings
  --out FILE     where to
  --json         as JSON
  -h, --help     show this help

Example`);
});
