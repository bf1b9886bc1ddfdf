import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import type { ChoiceSpec, NumberSpec, OptionSpec, OptionSpecs, OptionValues } from './options.ts';
import { nearest } from './suggest.ts';

export interface Parsed<S extends OptionSpecs> {
  readonly values: OptionValues<S>;
  readonly positionals: readonly string[];
}

/** `-5`, `-.5`: a value that only looks like an option. */
const NEGATIVE_NUMBER = /^-(\d|\.\d)/;

/**
 * Reads a command's arguments. `--name value` and `--name=value`; `--` ends the options; `-` alone is an argument.
 * @throws UsageError that names the option, the value and what is allowed.
 */
export function parseCommand<S extends OptionSpecs>(args: readonly string[], specs: S): Parsed<S> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { kind, short }]) => [
        name,
        { type: kind === 'flag' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const values: Record<string, string | number | boolean | undefined> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) throw unknownOption(token.rawName, specs);
    if (values[token.name] !== undefined) throw new UsageError(`--${token.name} is given more than once`);
    values[token.name] = readValue(token.name, spec, token.value, token.inlineValue ?? false);
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.kind === 'flag') values[name] ??= false;
    if (spec.kind === 'text' && spec.required && values[name] === undefined) {
      throw new UsageError(`--${name} ${spec.value} is missing`);
    }
  }
  return { values: values as OptionValues<S>, positionals };
}

function readValue(name: string, spec: OptionSpec, value: string | undefined, inline: boolean) {
  if (spec.kind === 'flag') {
    if (value !== undefined) throw new UsageError(`--${name} takes no value, but was given "${value}"`);
    return true;
  }
  if (value === undefined || value === '' || looksLikeOption(value, inline)) {
    throw new UsageError(`--${name} needs a value: ${allowed(spec)}`);
  }
  if (spec.kind === 'text') return value;
  return spec.kind === 'choice' ? readChoice(name, spec, value) : readNumber(name, spec, value);
}

function looksLikeOption(value: string, inline: boolean): boolean {
  return !inline && value.length > 1 && value.startsWith('-') && !NEGATIVE_NUMBER.test(value);
}

function readChoice(name: string, spec: ChoiceSpec, value: string): string {
  if (spec.choices.includes(value)) return value;
  const meant = nearest(value.toLowerCase(), spec.choices);
  throw new UsageError(
    `--${name} is "${value}", expected ${allowed(spec)}`,
    meant === undefined ? undefined : `Did you mean ${meant}?`,
  );
}

function readNumber(name: string, spec: NumberSpec, value: string): number {
  const pattern = spec.kind === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)$/;
  const number = pattern.test(value) ? Number(value) : Number.NaN;
  if (number >= spec.min && number <= (spec.max ?? Number.MAX_SAFE_INTEGER)) return number;
  throw new UsageError(`--${name} is "${value}", expected ${allowed(spec)}`);
}

function allowed(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'choice':
      return `one of ${spec.choices.join(', ')}`;
    case 'integer':
    case 'seconds':
    case 'percent': {
      const what = { integer: 'a whole number', seconds: 'seconds', percent: 'a percentage' }[spec.kind];
      return spec.max === undefined ? `${what}, at least ${spec.min}` : `${what} from ${spec.min} to ${spec.max}`;
    }
    case 'text':
      return spec.value;
    case 'flag':
      return 'nothing';
  }
}

function unknownOption(rawName: string, specs: OptionSpecs): UsageError {
  const meant = nearest(rawName.replace(/^-+/, '').toLowerCase(), Object.keys(specs));
  return new UsageError(
    `unknown option ${rawName}`,
    meant === undefined ? 'See --help for the options of this command.' : `Did you mean --${meant}?`,
  );
}
