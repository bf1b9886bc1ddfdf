import type { ModelManifest } from '../contract/model.ts';
import { type SolveSettings, solveSettings } from './settings.ts';
import { SettingsReader } from './settings-reader.ts';

/** Settings of the pipeline with separate segmentation and embedding networks. */
export interface RecordingSettings extends SolveSettings {
  readonly segmentation: {
    /** Seconds between windows. */
    readonly step: number;
  };
  readonly pieces: {
    /** Target seconds of a piece: longer speech is cut into pieces of three quarters to one and a half times this. */
    readonly target: number;
    /** Longest pause inside a piece, in seconds. */
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
