import { describe, expect, expectTypeOf, it } from 'vitest';
import { choice, flag, integer, number, or, requiredText, text } from './options.ts';
import { onlyOptions, parseOptions } from './parse.ts';
import { UsageError } from './usage-error.ts';

const options = {
  speakers: integer([1, 100], 'N', ''),
  collar: number([0, Infinity], 'S', '', 'seconds'),
  format: { ...choice(['json', 'rttm'], ''), short: 'f' },
  out: text('DIR', ''),
  exclusive: flag(''),
};

function failure(...args: string[]): string {
  try {
    parseOptions(args, options);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message, hint } = error as UsageError;
    return hint === undefined ? message : `${message} | ${hint}`;
  }
  throw new Error(`${args.join(' ')} was taken`);
}

describe('parseOptions', () => {
  it('reads every kind of option, in both notations, among positional arguments', () => {
    const { values, positionals } = parseOptions(
      ['a.wav', '--speakers', '3', '--collar=.25', '-f', 'json', '--exclusive', 'b.wav', '--out', '-'],
      options,
    );
    expect(values).toEqual({ speakers: 3, collar: 0.25, format: 'json', exclusive: true, out: '-' });
    expect(positionals).toEqual(['a.wav', 'b.wav']);
    expectTypeOf(values.format).toEqualTypeOf<'json' | 'rttm' | undefined>();
    expectTypeOf(values.exclusive).toEqualTypeOf<boolean>();
  });

  it('treats what follows -- as arguments, and - as one', () => {
    expect(parseOptions(['-', '--', '--speakers', '-x'], options).positionals).toEqual(['-', '--speakers', '-x']);
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
    [['--exclusive=yes'], '--exclusive takes no value, received "yes"'],
    [['--out', 'a', '--out', 'b'], '--out appears more than once'],
  ])('rejects %j', (args, message) => {
    expect(failure(...args)).toBe(message);
  });

  it('rejects a missing required option', () => {
    const needy = { book: requiredText('FILE', '') };
    expect(() => parseOptions([], needy)).toThrow('--book FILE is missing');
    expectTypeOf(parseOptions(['--book', 'b'], needy).values.book).toEqualTypeOf<string>();
  });

  it('uses defaults for missing options', () => {
    const { values } = parseOptions([], {
      runs: integer([1, 10], 3, ''),
      how: or(choice(['well', 'badly'], ''), 'well'),
    });
    expect(values).toEqual({ runs: 3, how: 'well' });
    expectTypeOf(values).toEqualTypeOf<{ readonly runs: number; readonly how: 'well' | 'badly' }>();
  });

  it('reads the environment if the command line has no value, and names the invalid source', () => {
    const served = { port: { ...integer([0, 65_535], 'PORT', ''), env: 'PORT' }, open: { ...flag(''), env: 'OPEN' } };
    expect(parseOptions([], served, { PORT: '9000', OPEN: '1' }).values).toEqual({ port: 9000, open: true });
    expect(parseOptions(['--port', '1'], served, { PORT: 'x', OPEN: 'no' }).values).toEqual({ port: 1, open: false });
    expect(parseOptions([], served, { PORT: '' }).values.port).toBeUndefined();
    expect(() => parseOptions([], served, { PORT: '-1' })).toThrow(
      'PORT is "-1", expected a whole number from 0 to 65535',
    );
  });

  it('rejects arguments for a program without any', () => {
    expect(onlyOptions(['--out', 'x'], options).out).toBe('x');
    expect(() => onlyOptions(['stray'], options)).toThrow('unexpected argument "stray"');
  });
});
