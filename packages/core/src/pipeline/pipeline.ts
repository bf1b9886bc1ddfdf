import type { Turn } from '../annotation/segment.ts';
import type { AudioSource } from '../audio/source.ts';
import type { Model } from '../backend.ts';
import type { Speaker } from '../diarization.ts';
import { VoiceFlowError } from '../errors.ts';
import type { SessionOrigin } from '../live/session.ts';
import type { DiarizationSession, LiveOptions } from '../live/types.ts';
import type { ModelManifest } from '../model.ts';
import type { KnownVoice, Progress, SpeakerBounds } from '../options.ts';
import type { Segmentation } from '../stages/segmentation.ts';
import type { Warning } from '../warnings.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import { recordingPipeline } from './recording.ts';

export interface DiarizeRequest {
  readonly bounds: SpeakerBounds;
  readonly known: readonly KnownVoice[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface PipelineResult {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  /** Seconds. */
  readonly duration: number;
  readonly warnings: readonly Warning[];
  /** Milliseconds: waiting for audio, waiting for the network, everything after. */
  readonly decode: number;
  readonly model: number;
  readonly cluster: number;
}

/** What a model does with audio: pure functions of the audio and the network, whatever the runtime. */
export interface Pipeline {
  /** Numbers of an embedding. */
  readonly dimensions: number;
  diarize(source: AudioSource, request: DiarizeRequest): Promise<PipelineResult>;
  /** One unit vector for each segment (seconds), or one for the whole recording. */
  embed(
    source: AudioSource,
    segments: readonly { readonly start: number; readonly end: number }[] | undefined,
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
  /** A live session. @throws `invalid-option`; `aborted`. */
  open(options: LiveOptions, origin: SessionOrigin): DiarizationSession;
}

/**
 * The pipeline that a manifest names, around its loaded network.
 * @param segmentation Of the model's segmenter, where it has one.
 * @throws `model-incompatible` for a pipeline that this version does not have, a network of another shape, bad settings.
 */
export function pipelineOf(manifest: ModelManifest, model: Model, segmentation?: Segmentation): Pipeline {
  if (manifest.pipeline === 'fast-cnn') return fastCnnPipeline(manifest, model);
  if (manifest.pipeline === 'recordings') return recordingPipeline(manifest, model, segmentation);
  throw new VoiceFlowError(
    'model-incompatible',
    `${manifest.id}@${manifest.version} needs the pipeline "${manifest.pipeline}"; this version has: fast-cnn, recordings`,
    { hint: 'update VoiceFlow, or choose another model' },
  );
}
