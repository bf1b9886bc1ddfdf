import { invalidOption, VoiceFlowError } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import type { DiarizationJson } from '../contract/result.ts';
import { checkTurn, type Turn } from '../contract/segment.ts';
import { parseJson } from './text.ts';
import { roundToMillisecond } from './time.ts';

/** A turn in `Diarization.toJSON()`: seconds rounded to milliseconds, confidence to three decimals. */
export type TurnJson = DiarizationJson['turns'][number];

export function turnsToJson(turns: Iterable<Turn>): TurnJson[] {
  return Array.from(turns, ({ start, end, speaker, confidence }) => {
    const turn = { start: roundToMillisecond(start), end: roundToMillisecond(end), speaker };
    return confidence === undefined ? turn : { ...turn, confidence: roundToMillisecond(confidence) };
  });
}

/**
 * Reads the turns of a `DiarizationJson` or of a list of turns, as text or parsed.
 *
 * @throws VoiceFlowError `invalid-option` for invalid JSON or an invalid turn, which is named.
 */
export function parseTurnsJson(json: unknown): Turn[] {
  const value = typeof json === 'string' ? parseJson(json, invalidJson) : json;
  const list = Array.isArray(value) ? value : isObject(value) ? value.turns : undefined;
  if (!Array.isArray(list)) {
    throw invalidOption(
      'the JSON has no turns, expected a list, or an object with `turns`',
      'Pass the output of `voiceflow diarize --format json`.',
    );
  }
  return list.map((item: unknown, index) => {
    const name = `turns[${index}]`;
    if (!isObject(item)) throw invalidOption(`${name} is ${typeof item}, expected an object`);
    const { start, end, speaker, confidence } = item;
    const turn = { start, end, speaker, ...(confidence === undefined || confidence === null ? {} : { confidence }) };
    checkTurn(turn as Turn, name);
    return turn as Turn;
  });
}

function invalidJson(why: string, cause: unknown): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `the text is not valid JSON: ${why}`, { cause });
}
