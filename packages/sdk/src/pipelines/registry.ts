import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { gateOf } from '../inference/gate.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { Pipeline } from './pipeline.ts';
import { recordingPipeline } from './recordings.ts';

/**
 * The pipeline that a manifest names, around its loaded network.
 * @param segmentation Of the model's segmenter, where it has one.
 * @throws `model-incompatible` for a pipeline that this version does not have, a network of another shape, bad settings.
 */
export function pipelineOf(manifest: ModelManifest, model: Model, segmentation?: Segmentation): Pipeline {
  if (manifest.pipeline === 'fast-cnn') return fastCnnPipeline(manifest, model, segmentation && gateOf(segmentation));
  if (manifest.pipeline === 'recordings') return recordingPipeline(manifest, model, segmentation);
  throw new VoiceFlowError(
    'model-incompatible',
    `${manifest.id}@${manifest.version} needs the pipeline "${manifest.pipeline}"; this version has: fast-cnn, recordings`,
    { hint: 'update VoiceFlow, or choose another model' },
  );
}
