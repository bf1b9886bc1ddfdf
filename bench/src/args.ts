import { type ParseArgsConfig, parseArgs } from 'node:util';
import { VoiceFlowError } from 'voiceflow-ml/core';

/** Where a command writes, and what may stop it. */
export interface BenchIo {
  /** Results. */
  out(text: string): void;
  /** Progress and remarks. */
  note(text: string): void;
  readonly signal?: AbortSignal;
}

/** One option: what its text means, and what the help says of it. */
export interface Option<T> {
  /** Stands behind the name in the help: the default, or a word for the value. Absent: a switch. */
  readonly shown?: string;
  readonly help: string;
  /** @param text Undefined where the option is absent. @throws `invalid-option`. */
  read(text: string | undefined, name: string): T;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never };

/** One `bench` command: what it is called with, and the exit code it ends with. */
export interface BenchCommand {
  readonly summary: string;
  /** @param name Under which it is called. */
  help(name: string): string;
  run(args: readonly string[], io: BenchIo): Promise<number>;
}

/** A command that reads its options by what its help says of them. */
export function command<O extends Options>(spec: {
  readonly summary: string;
  /** What stands before the options, such as `FOLDER…`: one word at least. Absent: no words are taken. */
  readonly words?: string;
  /** Behind the usage, before the options. */
  readonly about?: string;
  readonly options: O;
  /** Behind the options. */
  readonly notes?: string;
  /** Resolves with the exit code (1: a promise was missed), or with something else for 0. */
  run(values: Values<O>, io: BenchIo, words: readonly string[]): Promise<unknown>;
}): BenchCommand {
  const { summary, words, about, options, notes } = spec;
  return {
    summary,
    help: (name) =>
      [`npm run bench -- ${name} ${words === undefined ? '' : `${words} `}[options]`, about, listed(options), notes]
        .filter((part) => part !== undefined)
        .join('\n\n'),
    async run(args, io) {
      const { values, positionals } = parse(args, options, words !== undefined);
      if (words !== undefined && positionals.length === 0) {
        throw new VoiceFlowError('invalid-option', `${words} is missing`);
      }
      const code = await spec.run(values, io, positionals);
      return typeof code === 'number' ? code : 0;
    },
  };
}

/** @throws `invalid-option` for an unknown option, a missing value, or a stray word. */
function parse<O extends Options>(args: readonly string[], options: O, allowPositionals: boolean) {
  const kinds: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { shown }] of Object.entries(options)) {
    kinds[name] = { type: shown === undefined ? 'boolean' : 'string' };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: kinds, strict: true, allowPositionals });
    const read = Object.entries(options).map(([name, option]) => [name, option.read(values[name]?.toString(), name)]);
    return { values: Object.fromEntries(read) as Values<O>, positionals };
  } catch (error) {
    if (VoiceFlowError.isInstance(error)) throw error;
    const message = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new VoiceFlowError('invalid-option', `${message}`, { hint: `known are ${known.join(', ')}`, cause: error });
  }
}

function listed(options: Options): string {
  const rows = Object.entries(options).map(([name, { shown, help }]) => [`--${name} ${shown ?? ''}`, help] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .map(([name, help]) => `  ${name.padEnd(width)}  ${help.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`)
    .join('\n');
}

export function flag(help: string): Option<boolean> {
  return { help, read: (text) => text !== undefined };
}

/** @param word For the value, in the help. */
export function text(word: string, help: string): Option<string | undefined> {
  return { shown: word, help, read: (value) => value };
}

/** What an option without a number as its default gives may be undefined. */
type Numeric<F> = Option<F extends number ? number : number | undefined>;

/** A number within a range. @param fallback Where the option is absent; or a word for the value, in the help. */
export function number<F extends number | string>(range: readonly [number, number], fallback: F, help: string) {
  const [least, most] = range;
  const read: Option<unknown>['read'] = (value, name) => {
    if (value === undefined) return typeof fallback === 'number' ? fallback : undefined;
    const found = value.trim() === '' ? Number.NaN : Number(value);
    if (found >= least && found <= most) return found;
    throw unexpected(name, value, `a number from ${least} to ${most}`);
  };
  return { shown: String(fallback), help, read } as Numeric<F>;
}

/** A whole number within a range. */
export function count<F extends number | string>(range: readonly [number, number], fallback: F, help: string) {
  const any = number(range, fallback, help);
  const read: Option<unknown>['read'] = (value, name) => {
    const found = any.read(value, name);
    if (found === undefined || Number.isInteger(found)) return found;
    throw unexpected(name, String(value), 'a whole number');
  };
  return { ...any, read } as Numeric<F>;
}

/** One of the words in `choices`; the first of them where the option is absent. */
export function choice<const T extends string>(choices: readonly [T, ...T[]], help: string): Option<T> {
  return {
    shown: choices[0],
    help,
    read: (value = choices[0], name) => {
      const found = choices.find((each) => each === value);
      if (found !== undefined) return found;
      throw unexpected(name, value, `one of ${choices.join(', ')}`);
    },
  };
}

/** `a.b=1,c=2` as `{ 'a.b': 1, c: 2 }`. */
export function settings(help: string): Option<Readonly<Record<string, number>>> {
  return {
    shown: 'A=1,B=2',
    help,
    read: (value = '', name) =>
      Object.fromEntries(
        value
          .split(',')
          .filter((part) => part !== '')
          .map((part) => {
            const [path = '', number = ''] = part.split('=');
            if (path !== '' && number.trim() !== '' && Number.isFinite(Number(number))) return [path, Number(number)];
            throw unexpected(name, part, 'path=number');
          }),
      ),
  };
}

export function unexpected(name: string, value: string, expected: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `--${name} is ${JSON.stringify(value)}; ${expected} is expected`);
}
