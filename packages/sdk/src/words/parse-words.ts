import type { Cue } from '../annotation/cues.ts';
import { parseSrt } from '../annotation/srt.ts';
import { parseJson, withoutMark } from '../annotation/text.ts';
import { parseVtt } from '../annotation/vtt.ts';
import { invalidOption, VoiceFlowError } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import { isAssemblyAi, isDeepgram, readAssemblyAi, readDeepgram } from './formats/services.ts';
import { type Transcript, transcript, wordsOfSegment } from './formats/transcript.ts';
import { chunksOf, readTransformers } from './formats/transformers.ts';
import { isSegmentList, isWhisper, readSegmentList, readWhisper, readWords } from './formats/whisper.ts';
import { isWhisperCpp, readWhisperCpp } from './formats/whisper-cpp.ts';

const HINT =
  'Supported: JSON of whisper.cpp, openai-whisper, faster-whisper, whisperX, transformers.js, Deepgram, AssemblyAI; SRT; WebVTT; [{ "text", "start", "end" }, …] in seconds.';

/**
 * Reads the words of a recognizer's file. The format is detected from the content.
 *
 * @param file The text of the file, or its parsed JSON.
 * @throws VoiceFlowError `invalid-option` for an unknown format or an invalid file, naming the problem.
 */
export function parseWords(file: unknown): Transcript {
  if (typeof file !== 'string') return readJson(file);
  const text = withoutMark(file);
  if (/^\s*[[{]/.test(text)) return readJson(parseJson(text, invalidJson));
  if (text.startsWith('WEBVTT')) return readVtt(text);
  if (/-->/.test(text.slice(0, 2000))) return readSrt(text);
  throw unknownFormat('it is neither JSON, nor SRT, nor WebVTT');
}

function readJson(json: unknown): Transcript {
  if (isWhisperCpp(json)) return readWhisperCpp(json);
  if (isDeepgram(json)) return readDeepgram(json);
  if (isAssemblyAi(json)) return readAssemblyAi(json);
  if (isWhisper(json)) return readWhisper(json);
  const chunks = chunksOf(json);
  if (chunks) return readTransformers(chunks);
  if (isSegmentList(json)) return readSegmentList(json);
  const list = isObject(json) ? json.words : json;
  if (!Array.isArray(list)) throw unknownFormat('the JSON has no words in any known place');
  if (list.length > 0 && !list.some(isWord)) throw unknownFormat('the JSON is a list, but not of words');
  const where = isObject(json) ? 'words' : '';
  return transcript('words', [readWords(list, where)], isObject(json) ? json.language : undefined);
}

const isWord = (item: unknown) => isObject(item) && ('text' in item || 'word' in item);

function invalidJson(why: string, cause: unknown): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `the words are not valid JSON: ${why}`, {
    hint: 'Check that the file is complete.',
    cause,
  });
}

function unknownFormat(why: string): VoiceFlowError {
  return invalidOption(`the format of the words is unknown: ${why}`, HINT);
}

function readVtt(text: string): Transcript {
  return readCues('vtt', parseVtt(text));
}

function readSrt(text: string): Transcript {
  return readCues('srt', parseSrt(text));
}

/** Reads subtitles: words get parts of their cue's time. Speakers in the cues are ignored. */
function readCues(format: 'srt' | 'vtt', cues: readonly Cue[]): Transcript {
  const parts = cues.map(({ start, end, text = '' }) =>
    wordsOfSegment(text.replace(/<\/?[a-z][^<>]*>/gi, ''), start, end),
  );
  return transcript(format, parts);
}
