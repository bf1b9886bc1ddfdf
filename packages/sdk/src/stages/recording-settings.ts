import type { ModelManifest } from '../contract/model.ts';
import { type SolveSettings, solveSettings } from './settings.ts';
import { SettingsReader } from './settings-reader.ts';

/** Those of a pipeline with a network for each part. */
export interface RecordingSettings extends SolveSettings {
  readonly segmentation: {
    /** Seconds between windows. */
    readonly step: number;
  };
  readonly pieces: {
    /** Seconds of speech that one embedding is made of: three quarters to one and a half of it in long stretches. */
    readonly target: number;
    /** Seconds of the longest pause inside a piece. */
    readonly gap: number;
  };
}

/** Reads and checks a manifest's settings. @throws `model-incompatible`. */
export function recordingSettings(manifest: ModelManifest): RecordingSettings {
  const read = new SettingsReader(manifest);
  return {
    segmentation: { step: read.number('segmentation.step', 0.1, 60) },
    pieces: pieceSettings(read),
    ...solveSettings(read),
  };
}

export function pieceSettings(read: SettingsReader): RecordingSettings['pieces'] {
  return { target: read.number('pieces.target', 0.5, 20), gap: read.number('pieces.gap', 0, 60) };
}
