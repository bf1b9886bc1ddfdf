import { VoiceFlowError } from '../../contract/errors.ts';

/** Reading JSON of strangers: what is not as expected is named, with where it stands. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function wrong(where: string, found: unknown, expected: string): VoiceFlowError {
  const shown = isObject(found) ? 'an object' : Array.isArray(found) ? 'a list' : JSON.stringify(found);
  const short = shown !== undefined && shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
  return new VoiceFlowError('invalid-option', `${where} is ${short ?? 'absent'}, expected ${expected}`);
}

export function objectAt(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw wrong(where, value, 'an object');
}

export function listAt(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(where, value, 'a list');
}

/** Undefined for what is absent or null. */
export function textAt(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw wrong(where, value, 'text');
}

/** Seconds, of a number in `unit`s a second; undefined for what is absent or null. */
export function secondsAt(value: unknown, where: string, unit = 1): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value / unit;
  throw wrong(where, value, unit === 1 ? 'a number of seconds' : 'a number of milliseconds');
}
