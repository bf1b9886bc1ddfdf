import { fastCnn, standard } from 'voiceflow-ml';
import { type ModelPackage, VoiceFlowError } from 'voiceflow-ml/core';
import { installedModel, modelFromFolder, PULLED_MODELS } from 'voiceflow-ml/installed';
import { withSettings } from '../settings.ts';

const EMBEDDED: Readonly<Record<string, ModelPackage>> = { standard, 'fast-cnn': fastCnn };

/**
 * A model with some settings of its manifests replaced: those of `gate.` are the segmenter's.
 * @param name Of a model that is embedded or was pulled, or a folder.
 * @throws `model-not-found`; `invalid-option` for a gate where there is no segmenter.
 */
export async function modelWith(name: string, settings: Readonly<Record<string, number>>): Promise<ModelPackage> {
  const model = await modelNamed(name);
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
    segmenter: segmenter && { ...segmenter, manifest: withSettings(segmenter.manifest, gate) },
  };
}

function modelNamed(name: string): Promise<ModelPackage> | ModelPackage {
  const embedded = Object.hasOwn(EMBEDDED, name) ? EMBEDDED[name] : undefined;
  if (embedded) return embedded;
  return (PULLED_MODELS as readonly string[]).includes(name) ? installedModel(name) : modelFromFolder(name);
}
