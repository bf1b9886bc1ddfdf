import { isObject } from '../../contract/is-object.ts';
import { UNSPACED } from '../text.ts';
import { type JsonObject, listAt, objectAt, secondsAt, textAt } from './json.ts';
import { type Part, type RecognizedWord, type Transcript, transcript, wordsOfSegment } from './transcript.ts';

/** Times are in milliseconds. */
const UNIT = 1000;
/** Special tokens that are no words: `[_BEG_]`, `[_TT_50]`, `<|endoftext|>`. */
const SPECIAL = /^(?:\[_[^\]]*\]|<\|[^|]*\|>)$/;
const BEGINS_WORD = new RegExp(`^(?:\\s|${UNSPACED})`, 'u');

export function isWhisperCpp(json: unknown): json is JsonObject {
  return isObject(json) && 'transcription' in json;
}

/**
 * Reads the output of `whisper-cli --output-json` or, with tokens, `--output-json-full`.
 * Source: `output_json` in examples/cli/cli.cpp of ggml-org/whisper.cpp.
 */
export function readWhisperCpp(json: JsonObject): Transcript {
  const parts = listAt(json.transcription, 'transcription').map((item, i) => {
    const where = `transcription[${i}]`;
    const segment = objectAt(item, where);
    const { start, end } = timesOf(segment, where);
    const text = textAt(segment.text, `${where}.text`) ?? '';
    const words = segment.tokens === undefined ? undefined : wordsOfTokens(segment.tokens, `${where}.tokens`);
    return words ?? wordsOfSegment(text, start, end);
  });
  const { result } = json;
  return transcript('whisper.cpp', parts, isObject(result) ? result.language : undefined);
}

/** Joins tokens to words. Undefined if a token is not a whole character; then the segment's text is used. */
function wordsOfTokens(tokens: unknown, where: string): Part | undefined {
  const words: { text: string; start: number | undefined; end: number | undefined }[] = [];
  for (const [i, item] of listAt(tokens, where).entries()) {
    const token = objectAt(item, `${where}[${i}]`);
    const text = textAt(token.text, `${where}[${i}].text`) ?? '';
    if (text === '' || SPECIAL.test(text)) continue;
    if (text.includes('\uFFFD')) return undefined;
    const { start, end } = timesOf(token, `${where}[${i}]`);
    const last = words.at(-1);
    if (last === undefined || BEGINS_WORD.test(text)) words.push({ text, start, end });
    else Object.assign(last, { text: last.text + text, start: last.start ?? start, end: end ?? last.end });
  }
  const spoken: RecognizedWord[] = words.filter(({ text }) => text.trim() !== '');
  return { words: spoken, estimated: false };
}

function timesOf({ offsets }: JsonObject, where: string): { start: number | undefined; end: number | undefined } {
  if (offsets === undefined) return { start: undefined, end: undefined };
  const { from, to } = objectAt(offsets, `${where}.offsets`);
  return {
    start: secondsAt(from, `${where}.offsets.from`, UNIT),
    end: secondsAt(to, `${where}.offsets.to`, UNIT),
  };
}
