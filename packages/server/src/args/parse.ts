import { parseArgs } from 'node:util';
import type { Option, Options, Values } from './options.ts';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

export interface Parsed<O extends Options> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
}

/** `-5`, `-.5`: a value that looks like an option. */
const NEGATIVE_NUMBER = /^-(\d|\.\d)/;

/**
 * Parses a program's arguments, then its environment. Accepts `--name value` and `--name=value`; `--` ends the options;
 * `-` alone is an argument.
 * @throws UsageError with the option, the value and the allowed values.
 */
export function parseOptions<O extends Options>(
  args: readonly string[],
  options: O,
  env: Readonly<Record<string, string | undefined>> = {},
): Parsed<O> {
  const kinds = Object.entries(options).map(([name, { value, short }]) => {
    const type = value === undefined ? 'boolean' : 'string';
    return [name, { type, ...(short === undefined ? {} : { short }) }] as const;
  });
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(kinds),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const texts = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, options);
    if (texts.has(token.name)) throw new UsageError(`--${token.name} appears more than once`);
    texts.set(token.name, textOf(token, option));
  }
  const values = Object.entries(options).map(([name, option]) => {
    // An empty variable counts as not set.
    const variable = (option.env !== undefined && !texts.has(name) && env[option.env]) || undefined;
    const read =
      variable === undefined ? option.read(texts.get(name), `--${name}`) : option.read(variable, `${option.env}`);
    return [name, read] as const;
  });
  return { values: Object.fromEntries(values) as Values<O>, positionals };
}

/** Parses options and accepts no other arguments. @throws UsageError. */
export function onlyOptions<O extends Options>(...call: Parameters<typeof parseOptions<O>>): Values<O> {
  const { values, positionals } = parseOptions(...call);
  const [unexpected] = positionals;
  if (unexpected !== undefined)
    throw new UsageError(`unexpected argument "${unexpected}"`, 'See --help for the options.');
  return values;
}

interface OptionToken {
  readonly name: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function textOf({ name, value, inlineValue = false }: OptionToken, option: Option<unknown>): string {
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${name} takes no value, received "${value}"`);
    return 'true';
  }
  if (value === undefined || value === '' || looksLikeOption(value, inlineValue)) {
    throw new UsageError(`--${name} needs a value: ${option.expected ?? option.value}`);
  }
  return value;
}

function looksLikeOption(value: string, inline: boolean): boolean {
  return !inline && value.length > 1 && value.startsWith('-') && !NEGATIVE_NUMBER.test(value);
}

function unknownOption(rawName: string, options: Options): UsageError {
  const word = rawName.replace(/^-+/, '').toLowerCase();
  const hint = didYouMean(word, Object.keys(options), 'See --help for the options of this command.', '--');
  return new UsageError(`unknown option ${rawName}`, hint);
}
