import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { gateOf } from '../inference/gate.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { Pipeline } from './pipeline.ts';

export interface LoadedSegmenter {
  readonly manifest: ModelManifest;
  readonly model: Model;
}

/**
 * The pipeline that a manifest names, around its loaded network.
 * @param segmenter The segmentation network beside it, if the model has one.
 * @throws `model-incompatible` for a pipeline that this version does not have, a network of another shape, bad settings.
 */
export function pipelineOf(manifest: ModelManifest, model: Model, segmenter?: LoadedSegmenter): Pipeline {
  if (manifest.pipeline === 'fast-cnn') {
    return fastCnnPipeline(manifest, model, segmenter && gateOf(segmenter.manifest, segmenter.model));
  }
  throw new VoiceFlowError(
    'model-incompatible',
    `${manifest.id}@${manifest.version} needs the pipeline "${manifest.pipeline}"; this version has: fast-cnn`,
    { hint: 'update VoiceFlow, or choose another model' },
  );
}
