/// <reference lib="esnext.disposable" preserve="true" />
import type { AudioInput } from './audio.ts';
import type { DiarizationSession, LiveOptions } from './live.ts';
import type { ModelManifest } from './model.ts';
import type { DiarizeOptions, EmbedOptions } from './options.ts';
import type { Diarization } from './result.ts';

/** The one front door: audio in, who spoke when out. Made by `createDiarizer`; calls may overlap. */
export interface Diarizer {
  readonly manifest: ModelManifest;
  readonly backend: string;
  /** @throws VoiceFlowError with the contract's codes. */
  diarize(audio: AudioInput, options?: DiarizeOptions): Promise<Diarization>;
  /** One unit-length vector for each segment (or for the whole recording). */
  embed(audio: AudioInput, options?: EmbedOptions): Promise<Float32Array[]>;
  /** A live session: push samples, iterate events, end. Opens at once. @throws `invalid-option`; `aborted`; `closed`. */
  open(options: LiveOptions): DiarizationSession;
  /** Waits for calls under way, drops live sessions, then frees the model. Later calls throw `closed`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
