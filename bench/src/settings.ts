import type { ModelManifest } from 'voiceflow-ml/core';

/** The manifest with some settings replaced. Missing paths are created. */
export function withSettings(manifest: ModelManifest, settings: Readonly<Record<string, unknown>>): ModelManifest {
  const copy = structuredClone(manifest) as ModelManifest & { settings: Record<string, unknown> };
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let at = copy.settings;
    for (const key of keys) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return copy;
}
