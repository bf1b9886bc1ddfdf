import type { ModelManifest } from '../contract/model.ts';
import { pieceSettings, type RecordingSettings } from './recording-settings.ts';
import { clusterSettings, namingRules, type SolveSettings, voiceSpace } from './settings.ts';
import { SettingsReader } from './settings-reader.ts';

/** Settings of the network that embeds pieces in the joined pipeline. Known voices are matched with its embeddings. */
export interface JoinedSettings extends Pick<SolveSettings, 'voices' | 'cluster' | 'known'> {
  readonly pieces: RecordingSettings['pieces'];
}

/** @throws `model-incompatible`, naming the setting and its range. */
export function joinedSettings(manifest: ModelManifest): JoinedSettings {
  const read = new SettingsReader(manifest);
  const voices = voiceSpace(read);
  return { pieces: pieceSettings(read), voices, cluster: clusterSettings(read), known: namingRules(read, voices.to) };
}
