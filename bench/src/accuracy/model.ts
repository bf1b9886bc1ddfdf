import { fastCnn, standard } from 'voiceflow-ml';
import { type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { withSettings } from '../calibrate/search.ts';

const MODELS: Readonly<Record<string, ModelPackage>> = { standard, 'fast-cnn': fastCnn };

/**
 * A model with some settings of its manifests replaced: those of `gate.` are the segmenter's.
 * @throws `invalid-option` for a name that is none, or a gate where there is no segmenter.
 */
export function modelWith(name: string, settings: Readonly<Record<string, number>>): ModelPackage {
  const model = MODELS[name];
  if (!model) {
    throw new VoiceFlowError(
      'invalid-option',
      `--model is "${name}"; ${Object.keys(MODELS).join(' or ')} was expected`,
    );
  }
  const isGate = ([path]: readonly [string, number]) => path.startsWith('gate.');
  const gate = Object.fromEntries(Object.entries(settings).filter(isGate));
  const own = Object.fromEntries(Object.entries(settings).filter((setting) => !isGate(setting)));
  const { segmenter, ...rest } = model;
  if (Object.keys(gate).length > 0 && !segmenter) {
    throw new VoiceFlowError(
      'invalid-option',
      `${name} has no segmenter; ${Object.keys(gate).join(', ')} cannot be set`,
    );
  }
  return {
    ...rest,
    manifest: withSettings(model.manifest, own),
    ...(segmenter ? { segmenter: { ...segmenter, manifest: withSettings(segmenter.manifest, gate) } } : {}),
  };
}
