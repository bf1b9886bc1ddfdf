import { invalidOption, type VoiceFlowError } from '../../contract/errors.ts';
import { isObject } from '../../contract/is-object.ts';

/** Reading of untrusted JSON: errors name the unexpected value and its location. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function wrong(where: string, found: unknown, expected: string): VoiceFlowError {
  const shown = isObject(found) ? 'an object' : Array.isArray(found) ? 'a list' : JSON.stringify(found);
  const short = shown !== undefined && shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
  return invalidOption(`${where} is ${short ?? 'absent'}, expected ${expected}`);
}

export function objectAt(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw wrong(where, value, 'an object');
}

export function listAt(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(where, value, 'a list');
}

/** Reads a string; undefined if absent or null. */
export function textAt(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw wrong(where, value, 'text');
}

/** Reads a time in units of 1 / `unit` s, as seconds; undefined if absent or null. */
export function secondsAt(value: unknown, where: string, unit = 1): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value / unit;
  throw wrong(where, value, unit === 1 ? 'a number of seconds' : 'a number of milliseconds');
}
