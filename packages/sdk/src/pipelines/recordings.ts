import type { Model } from '../contract/backend.ts';
import { invalidOption } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import {
  analyzeRecording,
  type RecordingAnalysis,
  recordingContext,
  recordingModel,
} from '../offline/analyze-recording.ts';
import { diarize } from '../offline/diarize.ts';
import { embedSpans } from '../offline/embed.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * The pipeline of a segmentation and an embedding network: windows of several seconds → local speakers → pieces with
 * one speaker → their embeddings → clusters → turns.
 * @param network Embeds the pieces. @param segmenter Outputs who speaks in a window. @throws `model-incompatible`.
 */
export function recordingPipeline(manifest: ModelManifest, network: Model, segmenter?: Segmentation): Pipeline {
  const model = recordingModel(manifest, network, segmenter);
  return {
    dimensions: model.embedding.part.dimensions,
    diarize: (source, request) =>
      diarize(
        (analysis: RecordingAnalysis) => recordingContext(model, analysis),
        (from, how) => analyzeRecording(model, from, how),
        source,
        request,
      ),
    embed: async (source, segments, request) => {
      const { local, duration } = await analyzeRecording(model, source, request);
      return embedSpans({ mean: model.settings.voices.mean, frame: model.frame }, local, segments, duration);
    },
    open: noLiveSessions(manifest),
  };
}

/** The `open` of pipelines that only process recordings: always throws. */
export function noLiveSessions({ id }: ModelManifest): () => never {
  return () => {
    throw invalidOption(
      `the model ${id} is for recordings, not for live sessions`,
      'open live sessions with the embedded model',
    );
  };
}
