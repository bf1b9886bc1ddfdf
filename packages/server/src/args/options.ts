import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

/** One option of a program: how its text is parsed, and its help text. */
export interface Option<T> {
  /** Text after the name in the help: the default, or a word for the value. Absent for a switch. */
  readonly value?: string;
  /** Description of the value for errors; default: `value`. */
  readonly expected?: string;
  readonly help: string;
  /** One letter for `-x`. */
  readonly short?: string;
  /** The environment variable that is used when the command line does not have the option. */
  readonly env?: string;
  /**
   * @param text Undefined when the option is absent.
   * @param name The name as given: `--port`, or the variable.
   * @throws UsageError.
   */
  read(text: string | undefined, name: string): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of a program's options. */
export type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never };

/** A numeric option: with a numeric default always a number, else a number or undefined. */
type Numeric<F> = Option<F extends number ? number : number | undefined>;

export function unexpected(name: string, text: string, expected: string, hint?: string): UsageError {
  return new UsageError(`${name} is "${text}", expected ${expected}`, hint);
}

/** A switch: true when it is given, or when its variable is `1`, `true` or `yes`. */
export function flag(help: string): Option<boolean> {
  return { help, read: (text) => /^(1|true|yes)$/i.test(text ?? '') };
}

/** @param value The word for the value in the help, such as `FILE`. */
export function text(value: string, help: string): Option<string | undefined> {
  return { value, help, read: (given) => given };
}

/** Like `text`, but required. */
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
 * A number within an inclusive range.
 * @param value The default; or a word for the value in the help, for an option without a default.
 * @param what Description of the expected value, for the error.
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
      throw unexpected(name, text, expected, didYouMean(text.toLowerCase(), choices));
    },
  };
}

/** Adds a default to an option, which the help shows. */
export function or<T, const F extends T & {}>(option: Option<T>, fallback: F): Option<NonNullable<T>> {
  return { ...option, value: String(fallback), read: (text, name) => option.read(text, name) ?? fallback };
}
