import { nearest } from './suggest.ts';
import { UsageError } from './usage-error.ts';

/** One option of a program: what its text means, and what the help says of it. */
export interface Option<T> {
  /** Stands behind the name in the help: the default, or a word for the value. Absent: a switch. */
  readonly value?: string;
  /** What the value is, for errors; `value` where it does not say more. */
  readonly expected?: string;
  readonly help: string;
  /** One letter for `-x`. */
  readonly short?: string;
  /** The variable of the environment that says it where the command line does not. */
  readonly env?: string;
  /**
   * @param text Undefined where the option is absent.
   * @param name As it was given: `--port`, or the variable.
   * @throws UsageError.
   */
  read(text: string | undefined, name: string): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of a program's options. */
export type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never };

/** What may be named and be absent. */
type Numeric<F> = Option<F extends number ? number : number | undefined>;

export function unexpected(name: string, text: string, expected: string, hint?: string): UsageError {
  return new UsageError(`${name} is "${text}", expected ${expected}`, hint);
}

/** A switch: true where it is given, or where its variable says `1`, `true` or `yes`. */
export function flag(help: string): Option<boolean> {
  return { help, read: (text) => /^(1|true|yes)$/i.test(text ?? '') };
}

/** @param value The word for it in the help, such as `FILE`. */
export function text(value: string, help: string): Option<string | undefined> {
  return { value, help, read: (given) => given };
}

/** The same, which cannot be left out. */
export function requiredText(value: string, help: string): Option<string> {
  return {
    value,
    help,
    read(given, name) {
      if (given === undefined) throw new UsageError(`${name} ${value} is missing`);
      return given;
    },
  };
}

/**
 * A number within a range, both ends included.
 * @param value Where the option is absent; or a word for the value, in the help.
 * @param what Is expected, for the error.
 */
export function number<F extends number | string>(
  range: readonly [number, number],
  value: F,
  help: string,
  what = 'a number',
): Numeric<F> {
  return numeric(range, value, help, what, /^[+-]?(\d+\.?\d*|\.\d+)$/);
}

/** A whole number within a range. */
export function integer<F extends number | string>(range: readonly [number, number], value: F, help: string) {
  return numeric(range, value, help, 'a whole number', /^[+-]?\d+$/);
}

function numeric<F extends number | string>(
  [least, most]: readonly [number, number],
  value: F,
  help: string,
  what: string,
  pattern: RegExp,
): Numeric<F> {
  const expected = most === Infinity ? `${what}, at least ${least}` : `${what} from ${least} to ${most}`;
  const read: Option<unknown>['read'] = (text, name) => {
    if (text === undefined) return typeof value === 'number' ? value : undefined;
    const found = pattern.test(text.trim()) ? Number(text) : Number.NaN;
    if (found >= least && found <= most) return found;
    throw unexpected(name, text, expected);
  };
  return { value: String(value), expected, help, read } as Numeric<F>;
}

/** One of the words in `choices`. */
export function choice<const T extends string>(choices: readonly T[], help: string): Option<T | undefined> {
  const expected = `one of ${choices.join(', ')}`;
  return {
    value: choices.join('|'),
    expected,
    help,
    read(text, name) {
      const found = choices.find((each) => each === text);
      if (found !== undefined || text === undefined) return found;
      const meant = nearest(text.toLowerCase(), choices);
      throw unexpected(name, text, expected, meant && `Did you mean ${meant}?`);
    },
  };
}

/** An option that gives `fallback` where it is absent; the help shows it. */
export function or<T, const F extends T & {}>(option: Option<T>, fallback: F): Option<NonNullable<T>> {
  return { ...option, value: String(fallback), read: (text, name) => option.read(text, name) ?? fallback };
}
