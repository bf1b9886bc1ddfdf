/** @module VoiceFlow's domain: runs anywhere JavaScript runs, imports nothing. */
export { Annotation } from './annotation/annotation.ts';
export type { Cue } from './annotation/cues.ts';
export { exclusiveTurns } from './annotation/exclusive.ts';
export { parseTurnsJson, type TurnJson, turnsToJson } from './annotation/json.ts';
export { type NoScoreZone, parseRttm, type RttmRecording, toRttm, toRttmFile } from './annotation/rttm.ts';
export { compareTurns, overlapSeconds, type Segment, type Turn } from './annotation/segment.ts';
export { parseSrt, toSrt } from './annotation/srt.ts';
export { Timeline } from './annotation/timeline.ts';
export { parseUem, toUem, type Uem } from './annotation/uem.ts';
export { parseVtt, toVtt } from './annotation/vtt.ts';
export { type ByteInput, type ByteOptions, openBytes, type PeekReader } from './audio/bytes.ts';
export { type EncodeWavOptions, encodeWav } from './audio/encode-wav.ts';
export { CONTAINER_BYTES, containerOf } from './audio/formats.ts';
export { collect, DEFAULT_MAX_SECONDS, type OpenAudioOptions, openAudio } from './audio/open.ts';
export { type PcmEncoding, pcmReader } from './audio/pcm.ts';
export { samplesSource } from './audio/pipes.ts';
export { createResampler, type Resampler } from './audio/resample.ts';
export type * from './audio/source.ts';
export { wavDecoder } from './audio/wav.ts';
export type * from './backend.ts';
export { type CreateDiarizerOptions, createDiarizer } from './create.ts';
export * from './diarization.ts';
export type * from './diarizer.ts';
export { abortError, type ErrorCode, type ErrorDetails, throwIfAborted, VoiceFlowError } from './errors.ts';
export type * from './live/types.ts';
export type * from './model.ts';
export * from './options.ts';
export { checkVoices, type MatchOptions, matchVoices, normalizeName, type VoiceMatch } from './voice-match.ts';
export { type Voice, VoiceBook, type VoiceBookJson, type VoiceSample } from './voices.ts';
export type * from './warnings.ts';
export {
  type AssignedWord,
  type AssignWordsOptions,
  assignWords,
  type GroupWordsOptions,
  groupWords,
  type TimedWord,
  type Utterance,
} from './words.ts';
