import type { AudioSource } from '../contract/audio.ts';
import type { Model } from '../contract/backend.ts';
import type { DiarizationSession, LiveOptions } from '../contract/live.ts';
import type { ModelManifest } from '../contract/model.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import type { CheckedBytes } from '../inference/weights.ts';
import type { SessionOrigin } from '../live/session.ts';
import type { DiarizeRequest, PipelineResult } from '../offline/types.ts';

/** What is asked of `embed` besides the segments. */
export type EmbedRequest = Pick<DiarizeRequest, 'signal' | 'onProgress'>;

/** What a model does with audio: pure functions of the audio and the network, whatever the runtime. */
export interface Pipeline {
  /** Numbers of an embedding. */
  readonly dimensions: number;
  diarize(source: AudioSource, request: DiarizeRequest): Promise<PipelineResult>;
  /** One unit vector for each segment (seconds), or one for the whole recording. */
  embed(
    source: AudioSource,
    segments: readonly { readonly start: number; readonly end: number }[] | undefined,
    request: EmbedRequest,
  ): Promise<Float32Array[]>;
  /** A live session. @throws `invalid-option`; `aborted`. */
  open(options: LiveOptions, origin: SessionOrigin): DiarizationSession;
}

/** A loaded network of windows, beside one of voices. */
export interface LoadedWindows {
  readonly manifest: ModelManifest;
  readonly model: Model;
}

/** Makes the pipeline around loaded networks. @throws `model-incompatible` for a network or settings that do not fit. */
export type PipelineFactory = (
  manifest: ModelManifest,
  model: Model,
  segmentation?: Segmentation,
  windows?: LoadedWindows,
) => Pipeline;

/** A pipeline before its network is loaded: what the backend loads, and what is made around it. */
export interface Prepared extends CheckedBytes {
  readonly make: PipelineFactory;
}
