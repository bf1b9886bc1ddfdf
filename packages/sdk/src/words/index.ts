/** @module Who said what: reads the words of speech recognizers and assigns speakers to them. */

export {
  type AssignedWord,
  type AssignWordsOptions,
  assignWords,
  type TimedWord,
} from './assign-words.ts';
export type { RecognizedWord, Transcript, TranscriptFormat } from './formats/transcript.ts';
export { type GroupWordsOptions, groupWords, type Utterance } from './group-words.ts';
export { parseWords } from './parse-words.ts';
