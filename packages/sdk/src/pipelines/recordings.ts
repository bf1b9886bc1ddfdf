import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
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
 * Windows of some seconds → local speakers → pieces of one voice → their voices → clusters → turns.
 * @param network Gives voices. @param segmenter Tells who speaks in a window. @throws `model-incompatible`.
 */
export function recordingPipeline(manifest: ModelManifest, network: Model, segmenter?: Segmentation): Pipeline {
  const model = recordingModel(manifest, network, segmenter);
  return {
    dimensions: model.embedding.part.dimensions,
    diarize: (source, request) =>
      diarize(
        (heard: RecordingAnalysis) => recordingContext(model, heard),
        (from, how) => analyzeRecording(model, from, how),
        source,
        request,
      ),
    embed: async (source, segments, request) => {
      const { local, duration } = await analyzeRecording(model, source, request);
      return embedSpans(model, local, segments, duration);
    },
    open: noLiveSessions(manifest),
  };
}

/** For models of recordings. */
export function noLiveSessions({ id }: ModelManifest): () => never {
  return () => {
    throw new VoiceFlowError('invalid-option', `the model ${id} is for recordings, not for live sessions`, {
      hint: 'open live sessions with the embedded model',
    });
  };
}
