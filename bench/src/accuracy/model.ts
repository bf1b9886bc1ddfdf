import { fastCnn, standard } from 'voiceflow-ml';
import { invalidOption, type ModelPackage } from 'voiceflow-ml/core';
import { installedModel, modelFromFolder, PULLED_MODELS } from 'voiceflow-ml/installed';
import { withSettings } from '../settings.ts';

const EMBEDDED: Readonly<Record<string, ModelPackage>> = { standard, 'fast-cnn': fastCnn };

/**
 * A model by name, with some settings of its manifests replaced.
 * @param name An embedded or pulled model, or a folder; default `standard`.
 * @throws `model-not-found`; as `withModelSettings`.
 */
export async function modelWith(
  name = 'standard',
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ModelPackage> {
  return withModelSettings(await modelNamed(name), settings, name);
}

/**
 * Settings that begin with `gate.` are the segmenter's.
 * @throws `invalid-option` for such a setting without a segmenter.
 */
export function withModelSettings(
  model: ModelPackage,
  settings: Readonly<Record<string, unknown>>,
  name = model.manifest.id,
): ModelPackage {
  const { own, gate } = bySettings(settings);
  const { segmenter, ...rest } = model;
  if (Object.keys(gate).length > 0 && !segmenter) {
    throw invalidOption(`${name} has no segmenter; ${Object.keys(gate).join(', ')} cannot be set`);
  }
  return {
    ...rest,
    manifest: withSettings(model.manifest, own),
    segmenter: segmenter && { ...segmenter, manifest: withSettings(segmenter.manifest, gate) },
  };
}

/** The number at a path in a model's manifests. */
export function settingOf({ manifest, segmenter }: ModelPackage, path: string): number {
  let value: unknown = isGate(path) ? segmenter?.manifest.settings : manifest.settings;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return Number(value);
}

/** Divides settings into those of the model itself and of its segmenter. */
export function bySettings(settings: Readonly<Record<string, unknown>>): {
  readonly own: Readonly<Record<string, unknown>>;
  readonly gate: Readonly<Record<string, unknown>>;
} {
  const of = (gate: boolean) => Object.fromEntries(Object.entries(settings).filter(([path]) => isGate(path) === gate));
  return { own: of(false), gate: of(true) };
}

function isGate(path: string): boolean {
  return path.startsWith('gate.');
}

function modelNamed(name: string): Promise<ModelPackage> | ModelPackage {
  const embedded = Object.hasOwn(EMBEDDED, name) ? EMBEDDED[name] : undefined;
  if (embedded) return embedded;
  return (PULLED_MODELS as readonly string[]).includes(name) ? installedModel(name) : modelFromFolder(name);
}
