import type { ModelManifest } from '../contract/model.ts';
import { clusterSettings, namingRules, solveSettings, voiceSpace } from './settings.ts';
import { SettingsReader } from './settings-reader.ts';

export type RecordingSettings = ReturnType<typeof recordingSettings>;

/** Settings of the pipeline with separate segmentation and embedding networks. @throws `model-incompatible`. */
export function recordingSettings(manifest: ModelManifest) {
  const read = new SettingsReader(manifest);
  const { turns, ...rest } = solveSettings(read);
  return {
    segmentation: {
      /** Seconds between windows. */
      step: read.number('segmentation.step', 0.1, 60),
    },
    pieces: pieceSettings(read),
    ...rest,
    turns: {
      ...turns,
      /** For networks that output how many people speak: that number of speakers is active. */
      count: read.has('turns.count')
        ? {
            speech: read.number('turns.count.speech', 0, 1),
            overlap: read.number('turns.count.overlap', 0, 1),
          }
        : undefined,
      /** How much pieces contribute to the scores. */
      pieces: read.has('turns.pieces')
        ? {
            weight: read.number('turns.pieces.weight', 0, 10),
            trust: read.number('turns.pieces.trust', 0, 10),
          }
        : undefined,
    },
  };
}

export type JoinedSettings = ReturnType<typeof joinedSettings>;

/**
 * Settings of the network that embeds pieces in the joined pipeline. Known voices are matched with its embeddings.
 * @throws `model-incompatible`, naming the setting and its range.
 */
export function joinedSettings(manifest: ModelManifest) {
  const read = new SettingsReader(manifest);
  const voices = voiceSpace(read);
  return { pieces: pieceSettings(read), voices, cluster: clusterSettings(read), known: namingRules(read, voices.to) };
}

function pieceSettings(read: SettingsReader) {
  return {
    /** Target seconds of a piece: longer speech is cut into pieces of three quarters to one and a half times this. */
    target: read.number('pieces.target', 0.5, 20),
    /** Longest pause inside a piece, in seconds. */
    gap: read.number('pieces.gap', 0, 60),
  };
}
