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

/** One `bench` command: what it is called with, and the exit code it ends with. */
export interface BenchCommand {
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[], io: BenchIo): Promise<number>;
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Flags by name. `string` flags take a value, `boolean` ones none.
 * @throws `invalid-option` for an unknown flag, a missing value or a stray word.
 */
export function parseFlags(args: readonly string[], kinds: Readonly<Record<string, 'string' | 'boolean'>>): Flags {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, type] of Object.entries(kinds)) options[name] = { type };
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Flags;
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new VoiceFlowError('invalid-option', `${message}`, {
      hint: `known are ${Object.keys(kinds)
        .map((name) => `--${name}`)
        .join(', ')}`,
      cause: error,
    });
  }
}

/** A number within a range, or `fallback` where the flag is absent. */
export function numberFlag(flags: Flags, name: string, range: readonly [number, number], fallback: number): number {
  return optionalNumber(flags, name, range) ?? fallback;
}

export function optionalNumber(flags: Flags, name: string, range: readonly [number, number]): number | undefined {
  const text = flags[name];
  if (typeof text !== 'string') return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= range[0] && value <= range[1])) {
    throw new VoiceFlowError(
      'invalid-option',
      `--${name} is ${JSON.stringify(text)}; a number from ${range[0]} to ${range[1]} is expected`,
    );
  }
  return value;
}

/** A whole number within a range. */
export function countFlag(flags: Flags, name: string, range: readonly [number, number], fallback: number): number {
  const value = numberFlag(flags, name, range, fallback);
  if (!Number.isInteger(value)) {
    throw new VoiceFlowError('invalid-option', `--${name} is ${value}; a whole number is expected`);
  }
  return value;
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** One of the words in `choices`; the first of them where the flag is absent. */
export function choiceFlag<T extends string>(flags: Flags, name: string, choices: readonly [T, ...T[]]): T {
  const value = flags[name] ?? choices[0];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new VoiceFlowError(
      'invalid-option',
      `--${name} is ${JSON.stringify(value)}; one of ${choices.join(', ')} is expected`,
    );
  }
  return found;
}
