import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { Pipeline, PipelineFactory } from './pipeline.ts';
import { recordingPipeline } from './recordings.ts';

const BUILT_IN: Readonly<Record<string, PipelineFactory>> = {
  'fast-cnn': fastCnnPipeline,
  recordings: recordingPipeline,
};

/**
 * The pipeline that a manifest names, around its loaded network.
 * @param segmentation Of the model's segmenter, where it has one.
 * @param own Pipelines of the caller's, which come first.
 * @throws `model-incompatible` for a pipeline that is not there, a network of another shape, bad settings.
 */
export function pipelineOf(
  manifest: ModelManifest,
  model: Model,
  segmentation?: Segmentation,
  own: Readonly<Record<string, PipelineFactory>> = {},
): Pipeline {
  const all = { ...BUILT_IN, ...own };
  const { id, version, pipeline } = manifest;
  const make = Object.hasOwn(all, pipeline) ? all[pipeline] : undefined;
  if (make !== undefined) return make(manifest, model, segmentation);
  const names = Object.keys(all).join(', ');
  throw new VoiceFlowError(
    'model-incompatible',
    `${id}@${version} needs the pipeline "${pipeline}"; this version has: ${names}`,
    { hint: 'update VoiceFlow, choose another model, or give the pipeline in `pipelines`' },
  );
}
