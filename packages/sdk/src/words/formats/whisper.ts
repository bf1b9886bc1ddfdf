import { isObject } from '../../contract/is-object.ts';
import { type JsonObject, listAt, objectAt, secondsAt, textAt, wrong } from './json.ts';
import { type Part, type RecognizedWord, type Transcript, transcript, wordsOfSegment } from './transcript.ts';

/**
 * Recognizes the JSON format of openai-whisper, which faster-whisper's tools, whisperX, whisper-timestamped and the
 * OpenAI API (`verbose_json`) also use: `segments`, with `words` if requested, in seconds.
 * Sources: `WriteJSON` in whisper/utils.py of openai/whisper; `align` in whisperx/alignment.py of m-bain/whisperX.
 */
export function isWhisper(json: unknown): json is JsonObject {
  return isObject(json) && ['segments', 'word_segments'].some((name) => Array.isArray(json[name]));
}

export function readWhisper(json: JsonObject): Transcript {
  const segments = json.segments === undefined || json.segments === null ? [] : listAt(json.segments, 'segments');
  const parts = segments.map((segment, i) => partOfSegment(segment, `segments[${i}]`));
  // The OpenAI API and older versions of whisperX have the words next to the segments.
  const flat = ['words', 'word_segments'].find((name) => isFilled(json[name]));
  const has = segments.some((segment) => isObject(segment) && isFilled(segment.words));
  if (flat !== undefined && !has) {
    return transcript('whisper', [readWords(listAt(json[flat], flat), flat)], json.language);
  }
  return transcript('whisper', parts, json.language);
}

export function isSegmentList(json: unknown): json is readonly unknown[] {
  return (
    Array.isArray(json) &&
    json.some((item) => isObject(item) && (Array.isArray(item.words) || 'seek' in item || 'tokens' in item))
  );
}

/** Reads a list of segments, such as those of faster-whisper written with `json.dump`. */
export function readSegmentList(json: readonly unknown[]): Transcript {
  return transcript(
    'whisper',
    json.map((segment, i) => partOfSegment(segment, `[${i}]`)),
  );
}

function partOfSegment(item: unknown, where: string): Part {
  const segment = objectAt(item, where);
  const { words } = segment;
  if (isFilled(words)) return readWords(words, `${where}.words`);
  const text = textAt(segment.text, `${where}.text`) ?? '';
  return wordsOfSegment(text, secondsAt(segment.start, `${where}.start`), secondsAt(segment.end, `${where}.end`));
}

function isFilled(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

/**
 * Reads `{ word or text, start, end }`; times may be absent (whisperX: numerals).
 * @param unit Time units per second.
 */
export function readWords(items: readonly unknown[], where: string, unit = 1): Part {
  const words = items.flatMap((item, i): RecognizedWord[] => {
    const at = `${where}[${i}]`;
    const word = objectAt(item, at);
    const text = textAt(word.punctuated_word ?? word.text ?? word.word, `${at}.text`);
    if (text === undefined) throw wrong(`${at}.text`, undefined, 'the word');
    if (text.trim() === '') return [];
    return [{ text, start: secondsAt(word.start, `${at}.start`, unit), end: secondsAt(word.end, `${at}.end`, unit) }];
  });
  return { words, estimated: false };
}
