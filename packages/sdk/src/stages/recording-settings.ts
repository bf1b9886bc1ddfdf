import type { ModelManifest } from '../contract/model.ts';
import type { ActiveSpeakersRules, PieceRules } from './active-speakers.ts';
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
  readonly turns: SolveSettings['turns'] & {
    /** For networks that output how many people speak: that number of speakers is active. */
    readonly count?: ActiveSpeakersRules | undefined;
    /** How much pieces contribute to the scores. */
    readonly pieces?: PieceRules | undefined;
  };
}

/** Reads and checks a manifest's settings. @throws `model-incompatible`. */
export function recordingSettings(manifest: ModelManifest): RecordingSettings {
  const read = new SettingsReader(manifest);
  const { turns, ...rest } = solveSettings(read);
  return {
    segmentation: { step: read.number('segmentation.step', 0.1, 60) },
    pieces: pieceSettings(read),
    ...rest,
    turns: {
      ...turns,
      count: read.has('turns.count')
        ? {
            speech: read.number('turns.count.speech', 0, 1),
            overlap: read.number('turns.count.overlap', 0, 1),
          }
        : undefined,
      pieces: read.has('turns.pieces')
        ? {
            weight: read.number('turns.pieces.weight', 0, 10),
            trust: read.number('turns.pieces.trust', 0, 10),
          }
        : undefined,
    },
  };
}

export function pieceSettings(read: SettingsReader): RecordingSettings['pieces'] {
  return { target: read.number('pieces.target', 0.5, 20), gap: read.number('pieces.gap', 0, 60) };
}
