import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * The pipeline that a manifest names, around its loaded network.
 * @throws `model-incompatible` for a pipeline that this version does not have, a network of another shape, bad settings.
 */
export function pipelineOf(manifest: ModelManifest, model: Model): Pipeline {
  if (manifest.pipeline === 'fast-cnn') return fastCnnPipeline(manifest, model);
  throw new VoiceFlowError(
    'model-incompatible',
    `${manifest.id}@${manifest.version} needs the pipeline "${manifest.pipeline}"; this version has: fast-cnn`,
    { hint: 'update VoiceFlow, or choose another model' },
  );
}
