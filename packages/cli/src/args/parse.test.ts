import { describe, expect, expectTypeOf, it } from 'vitest';
import { UsageError } from '../errors.ts';
import type { OptionSpecs } from './options.ts';
import { parseCommand } from './parse.ts';

const specs = {
  speakers: { kind: 'integer', value: 'N', min: 1, max: 100, help: '' },
  collar: { kind: 'seconds', value: 'S', min: 0, help: '' },
  format: { kind: 'choice', choices: ['json', 'rttm'], short: 'f', help: '' },
  out: { kind: 'text', value: 'DIR', help: '' },
  exclusive: { kind: 'flag', help: '' },
} as const satisfies OptionSpecs;

function failure(...args: string[]): string {
  try {
    parseCommand(args, specs);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message, hint } = error as UsageError;
    return hint === undefined ? message : `${message} | ${hint}`;
  }
  throw new Error(`${args.join(' ')} was taken`);
}

describe('parseCommand', () => {
  it('reads every kind of option, in both ways of writing, among the arguments', () => {
    const { values, positionals } = parseCommand(
      ['a.wav', '--speakers', '3', '--collar=.25', '-f', 'json', '--exclusive', 'b.wav', '--out', '-'],
      specs,
    );
    expect(values).toEqual({ speakers: 3, collar: 0.25, format: 'json', exclusive: true, out: '-' });
    expect(positionals).toEqual(['a.wav', 'b.wav']);
    expectTypeOf(values.format).toEqualTypeOf<'json' | 'rttm' | undefined>();
    expectTypeOf(values.exclusive).toEqualTypeOf<boolean>();
  });

  it('takes what follows -- for arguments, and - for one', () => {
    expect(parseCommand(['-', '--', '--speakers', '-x'], specs).positionals).toEqual(['-', '--speakers', '-x']);
  });

  it.each([
    [['--speaker', '3'], 'unknown option --speaker | Did you mean --speakers?'],
    [['--sperkars=3'], 'unknown option --sperkars | Did you mean --speakers?'],
    [['--zzzzzz'], 'unknown option --zzzzzz | See --help for the options of this command.'],
    [['-q'], 'unknown option -q | See --help for the options of this command.'],
    [['--constructor'], 'unknown option --constructor | See --help for the options of this command.'],
    [['--speakers', '0'], '--speakers is "0", expected a whole number from 1 to 100'],
    [['--speakers', '-1'], '--speakers is "-1", expected a whole number from 1 to 100'],
    [['--speakers', '101'], '--speakers is "101", expected a whole number from 1 to 100'],
    [['--speakers', '2.5'], '--speakers is "2.5", expected a whole number from 1 to 100'],
    [['--speakers', 'two'], '--speakers is "two", expected a whole number from 1 to 100'],
    [['--speakers', '0x10'], '--speakers is "0x10", expected a whole number from 1 to 100'],
    [['--collar', 'Infinity'], '--collar is "Infinity", expected seconds, at least 0'],
    [['--collar', '-0.1'], '--collar is "-0.1", expected seconds, at least 0'],
    [['--format', 'rtmm'], '--format is "rtmm", expected one of json, rttm | Did you mean rttm?'],
    [['--format', 'xyz'], '--format is "xyz", expected one of json, rttm'],
    [['--out'], '--out needs a value: DIR'],
    [['--out', '--exclusive'], '--out needs a value: DIR'],
    [['--out='], '--out needs a value: DIR'],
    [['--exclusive=yes'], '--exclusive takes no value, but was given "yes"'],
    [['--out', 'a', '--out', 'b'], '--out is given more than once'],
  ])('refuses %j', (args, message) => {
    expect(failure(...args)).toBe(message);
  });

  it('demands what a command cannot do without', () => {
    const needy = { book: { kind: 'text', value: 'FILE', required: true, help: '' } } as const satisfies OptionSpecs;
    expect(() => parseCommand([], needy)).toThrow('--book FILE is missing');
    expectTypeOf(parseCommand(['--book', 'b'], needy).values.book).toEqualTypeOf<string>();
  });
});
