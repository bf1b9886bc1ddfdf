import type { AudioSource } from '../contract/audio.ts';
import type { Model } from '../contract/backend.ts';
import type { DiarizationSession, LiveOptions } from '../contract/live.ts';
import type { ModelManifest } from '../contract/model.ts';
import type { Segment } from '../contract/segment.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import type { CheckedBytes } from '../inference/weights.ts';
import type { SessionOrigin } from '../live/session.ts';
import type { AnalyzeRequest, DiarizeRequest, PipelineResult } from '../offline/types.ts';

/** The processing steps of a model. Results depend only on the audio and the network, not on the runtime. */
export interface Pipeline {
  /** Length of an embedding. */
  readonly dimensions: number;
  diarize(source: AudioSource, request: DiarizeRequest): Promise<PipelineResult>;
  /** Returns one unit vector for each segment (in seconds), or one for the whole recording. */
  embed(
    source: AudioSource,
    segments: readonly Segment[] | undefined,
    request: AnalyzeRequest,
  ): Promise<Float32Array[]>;
  /** Opens a live session. @throws `invalid-option`; `aborted`. */
  open(options: LiveOptions, origin: SessionOrigin): DiarizationSession;
}

/** A loaded network that outputs local speakers of windows, used together with an embedding network. */
export interface LoadedWindows {
  readonly manifest: ModelManifest;
  readonly model: Model;
}

/** Creates a pipeline from loaded networks. @throws `model-incompatible` for a network or settings that do not fit. */
export type PipelineFactory = (
  manifest: ModelManifest,
  model: Model,
  segmentation?: Segmentation,
  windows?: LoadedWindows,
) => Pipeline;

/** A pipeline whose network is not loaded yet: the bytes for the backend to load, and the factory of the pipeline. */
export interface Prepared extends CheckedBytes {
  readonly make: PipelineFactory;
}
