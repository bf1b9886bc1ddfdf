import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelPackage } from '../contract/model.ts';
import type { CheckedBytes } from '../inference/weights.ts';
import { fastCnnPipeline } from './fast-cnn.ts';
import type { PipelineFactory, Prepared } from './pipeline.ts';

type Prepare = (pack: ModelPackage, weights: CheckedBytes, signal?: AbortSignal) => Promise<Prepared>;

/** Those of models that are fetched are loaded when one is opened: a page with the embedded model does without. */
const BUILT_IN: Readonly<Record<string, Prepare>> = {
  'fast-cnn': async (_, weights) => ({ ...weights, make: fastCnnPipeline }),
  recordings: async (_, weights) => ({ ...weights, make: (await import('./recordings.ts')).recordingPipeline }),
  joined: async (_, weights) => ({ ...weights, make: (await import('./joined.ts')).joinedPipeline }),
  pyannote: async (...given) => (await import('./pyannote.ts')).preparePyannote(...given),
};

/**
 * The pipeline that a manifest names.
 * @param own Pipelines of the caller's, which come first.
 * @throws `model-incompatible` for a pipeline that is not there; of the pipeline.
 */
export async function preparePipeline(
  pack: ModelPackage,
  weights: CheckedBytes,
  own: Readonly<Record<string, PipelineFactory>> = {},
  signal?: AbortSignal,
): Promise<Prepared> {
  const { id, version, pipeline } = pack.manifest;
  const make = Object.hasOwn(own, pipeline) ? own[pipeline] : undefined;
  if (make) return { ...weights, make };
  const prepare = Object.hasOwn(BUILT_IN, pipeline) ? BUILT_IN[pipeline] : undefined;
  if (prepare) return prepare(pack, weights, signal);
  const names = [...new Set([...Object.keys(BUILT_IN), ...Object.keys(own)])].join(', ');
  throw new VoiceFlowError(
    'model-incompatible',
    `${id}@${version} needs the pipeline "${pipeline}"; this version has: ${names}`,
    { hint: 'update VoiceFlow, choose another model, or give the pipeline in `pipelines`' },
  );
}
