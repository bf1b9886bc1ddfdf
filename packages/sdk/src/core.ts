/** @module The core of VoiceFlow: no dependencies, runs in any JavaScript runtime. */
export { Annotation } from './annotation/annotation.ts';
export type { Cue } from './annotation/cues.ts';
export * from './annotation/diarization.ts';
export { exclusiveTurns } from './annotation/exclusive.ts';
export { parseTurnsJson, type TurnJson, turnsToJson } from './annotation/json.ts';
export { type NoScoreZone, parseRttm, type RttmRecording, toRttm, toRttmFile } from './annotation/rttm.ts';
export { parseSrt, toSrt } from './annotation/srt.ts';
export { Timeline } from './annotation/timeline.ts';
export { parseUem, toUem, type Uem } from './annotation/uem.ts';
export { parseVtt, toVtt } from './annotation/vtt.ts';
export { type ByteInput, type ByteOptions, openBytes, type PeekReader } from './audio/bytes.ts';
export { flushDenormals } from './audio/denormals.ts';
export { type EncodeWavOptions, encodeWav } from './audio/encode-wav.ts';
export { CONTAINER_BYTES, containerOf } from './audio/formats.ts';
export {
  collect,
  DEFAULT_MAX_SECONDS,
  type OpenAudioOptions,
  openAudio,
  openChannels,
} from './audio/open.ts';
export { type PcmEncoding, pcmReader } from './audio/pcm.ts';
export { samplesSource } from './audio/pipes.ts';
export { createResampler, type Resampler } from './audio/resample.ts';
export { wavDecoder } from './audio/wav.ts';
export type * from './contract/audio.ts';
export type * from './contract/backend.ts';
export type * from './contract/diarizer.ts';
export {
  abortError,
  type ErrorCode,
  type ErrorDetails,
  invalidOption,
  throwIfAborted,
  VoiceFlowError,
} from './contract/errors.ts';
export type * from './contract/live.ts';
export type * from './contract/model.ts';
export * from './contract/options.ts';
export { bytesOf, fetchPackageFile, type PackageFile } from './contract/package-file.ts';
export type * from './contract/result.ts';
export { compareTurns, overlapSeconds, type Segment, type Turn } from './contract/segment.ts';
export { SPEC_VERSION } from './contract/version.ts';
export type * from './contract/warnings.ts';
export { type CreateDiarizerOptions, createDiarizer } from './diarizer.ts';
export type { Pipeline, PipelineFactory } from './pipelines/pipeline.ts';
export { checkVoices, type MatchOptions, matchVoices, normalizeName, type VoiceMatch } from './voices/match.ts';
export { FALSE_NAMES } from './voices/naming.ts';
export { type Voice, VoiceBook, type VoiceBookJson, type VoiceSample } from './voices/voice-book.ts';
