import { invalidOption } from '../../contract/errors.ts';
import { isObject } from '../../contract/is-object.ts';
import { type JsonObject, listAt, objectAt } from './json.ts';
import { type RecognizedWord, type Transcript, transcript } from './transcript.ts';
import { readWords } from './whisper.ts';

export function isDeepgram(json: unknown): json is JsonObject {
  return isObject(json) && isObject(json.results) && ('channels' in json.results || 'utterances' in json.results);
}

/**
 * Reads Deepgram's response for a recording: `results.channels[].alternatives[0].words`, in seconds, with
 * `punctuated_word` if `smart_format` or `punctuate` is set. Words of several channels are sorted by time.
 * Source: Deepgram's API reference, Listen.
 */
export function readDeepgram(json: JsonObject): Transcript {
  const results = objectAt(json.results, 'results');
  const channels = listAt(results.channels ?? [], 'results.channels');
  let language: unknown;
  const words = channels.flatMap((item, channel) => {
    const where = `results.channels[${channel}]`;
    const { alternatives, detected_language } = objectAt(item, where);
    language ??= detected_language;
    const [best] = listAt(alternatives ?? [], `${where}.alternatives`);
    if (best === undefined) return [];
    const list = listAt(objectAt(best, `${where}.alternatives[0]`).words ?? [], `${where}.alternatives[0].words`);
    const { words: own } = readWords(list, `${where}.alternatives[0].words`);
    return channels.length > 1 ? own.map((word): RecognizedWord => ({ ...word, channel })) : own;
  });
  if (channels.length > 1) words.sort((a, b) => (a.start ?? 0) - (b.start ?? 0));
  return transcript('deepgram', [{ words, estimated: false }], language);
}

/** Fields that only AssemblyAI's transcripts have besides `words`. */
const MARKS = ['audio_url', 'audio_duration', 'utterances', 'acoustic_model', 'language_code', 'speech_model'];

export function isAssemblyAi(json: unknown): json is JsonObject {
  return isObject(json) && !('segments' in json) && MARKS.some((name) => name in json);
}

/**
 * Reads AssemblyAI's transcript: `words` of `{ text, start, end }` in milliseconds. Source: API reference, Transcripts.
 */
export function readAssemblyAi(json: JsonObject): Transcript {
  const { status, words } = json;
  if (words === undefined || words === null) {
    const why = typeof status === 'string' ? ` (its status is "${status.slice(0, 40)}")` : '';
    throw invalidOption(
      `the transcript of AssemblyAI has no words${why}`,
      'Fetch it again once its status is "completed".',
    );
  }
  return transcript('assemblyai', [readWords(listAt(words, 'words'), 'words', 1000)], json.language_code);
}
