/** @module VoiceFlow's domain: runs anywhere JavaScript runs, imports nothing. */
export type * from './annotation/segment.ts';
export type * from './audio/source.ts';
export type * from './backend.ts';
export type * from './diarization.ts';
export type * from './diarizer.ts';
export { abortError, type ErrorCode, type ErrorDetails, throwIfAborted, VoiceFlowError } from './errors.ts';
export type * from './live/types.ts';
export type * from './model.ts';
export type * from './options.ts';
export type * from './warnings.ts';
