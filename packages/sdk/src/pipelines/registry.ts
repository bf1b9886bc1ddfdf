import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import type { CheckedBytes } from '../inference/weights.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { PipelineFactory, Prepared } from './pipeline.ts';

type Prepare = (
  pack: ModelPackage,
  weights: CheckedBytes,
  signal?: AbortSignal,
) => PipelineFactory | Promise<PipelineFactory | Prepared>;

/**
 * Pipelines of fetched models are imported on demand, so that a page with the embedded model does not load them. One
 * that changes the bytes prepares them itself.
 */
const BUILT_IN: Readonly<Record<string, Prepare>> = {
  'fast-cnn': () => fastCnnPipeline,
  recordings: async () => (await import('./recordings.ts')).recordingPipeline,
  joined: async () => (await import('./joined.ts')).joinedPipeline,
  pyannote: async (...args) => (await import('./pyannote.ts')).preparePyannote(...args),
};

/**
 * Prepares the pipeline named in a manifest.
 * @param own Custom pipelines, which take precedence.
 * @throws `model-incompatible` for an unknown pipeline; any error of the pipeline.
 */
export async function preparePipeline(
  pack: ModelPackage,
  weights: CheckedBytes,
  own: Readonly<Record<string, PipelineFactory>> = {},
  signal?: AbortSignal,
): Promise<Prepared> {
  const { id, version, pipeline } = pack.manifest;
  const made = Object.hasOwn(own, pipeline)
    ? own[pipeline]
    : Object.hasOwn(BUILT_IN, pipeline) && (await BUILT_IN[pipeline]?.(pack, weights, signal));
  if (made) return typeof made === 'function' ? { ...weights, make: made } : made;
  const names = [...new Set([...Object.keys(BUILT_IN), ...Object.keys(own)])].join(', ');
  throw new VoiceFlowError(
    'model-incompatible',
    `${id}@${version} needs the pipeline "${pipeline}"; this version has: ${names}`,
    { hint: 'update VoiceFlow, choose another model, or pass the pipeline in `pipelines`' },
  );
}
