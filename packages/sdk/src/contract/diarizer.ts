/// <reference lib="esnext.disposable" preserve="true" />
import type { AudioInput } from './audio.ts';
import type { DiarizationSession, LiveOptions } from './live.ts';
import type { ModelManifest } from './model.ts';
import type { DiarizeOptions, EmbedOptions } from './options.ts';
import type { Diarization } from './result.ts';

/** The main interface: takes audio and returns who spoke when. Created by `createDiarizer`; calls may overlap. */
export interface Diarizer {
  readonly manifest: ModelManifest;
  readonly backend: string;
  /** Diarizes a recording. @throws VoiceFlowError with one of the `ErrorCode` values. */
  diarize(audio: AudioInput, options?: DiarizeOptions): Promise<Diarization>;
  /** Returns one unit-length speaker embedding for each segment, or one for the whole recording. */
  embed(audio: AudioInput, options?: EmbedOptions): Promise<Float32Array[]>;
  /** Opens a live session: push samples, iterate over events, end. @throws `invalid-option`; `aborted`; `closed`. */
  open(options: LiveOptions): DiarizationSession;
  /** Waits for running calls, drops open live sessions, then frees the model. Later calls throw `closed`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
