import type { ModelManifest } from '../contract/model.ts';
import type { VoiceSpace } from './plda.ts';
import type { OffsetRules } from './recording-offset.ts';
import { SettingsReader } from './settings-reader.ts';

/** Rules for naming a voice. They depend on the weights and are computed by `npm run bench -- naming`. */
export interface NamingRules {
  /**
   * Score that is exceeded by 2 % of the pairs of different people, and the increase in score that reduces this share
   * by a factor of e. Measured on the worst case, so that the stated rate of false names holds.
   */
  readonly at: number;
  readonly width: number;
  /** How scores take the amount of speech into account. Absent: the score is the cosine. */
  readonly evidence?: {
    /** Independent observations of a voice per second of speech, and their maximum number. */
    readonly rate: number;
    readonly saturation: number;
    /** Length of a vector in the voice space: embeddings keep only their direction. */
    readonly scale: number;
    /**
     * `[k, to]`, orthonormal: directions of the voice space in which kinds of recordings differ, independent of the
     * speaker. They are projected out (nuisance attribute projection: Solomonoff et al., ICASSP 2005).
     */
    readonly nuisance?: Float32Array | undefined;
  };
}

export type GateSettings = ReturnType<typeof gateSettings>;

/**
 * Settings of a segmentation network that is used as a speech gate, and of turns when it is. Stored in its own manifest
 * under `settings.gate`.
 * @throws `model-incompatible`, naming the setting and its range.
 */
export function gateSettings(manifest: ModelManifest) {
  const read = new SettingsReader(manifest);
  return {
    /** Seconds between windows of a recording, and of a live session. */
    step: read.number('gate.step', 0.1, 10),
    liveStep: read.number('gate.liveStep', 0.1, 10),
    /** Windows per run of the network for recordings: some networks are faster with several. Default 1. */
    batch: Math.round(read.optional('gate.batch', 1, 64) ?? 1),
    /** Probability of speech below which activity is not used to tell speakers apart. */
    speech: read.number('gate.speech', 0, 1),
    /** Probability of speech below which a frame is silent. Default: `speech`. */
    silence: read.optional('gate.silence', 0, 1),
    /** Seconds of silence that always end a turn, even if `shortestGap` is longer. */
    shortestSilence: read.number('gate.shortestSilence', 0, 10),
    /** Replace `turns.onset` and `turns.offset`: after the gate only speech is left, so lower thresholds suffice. */
    onset: read.number('gate.onset', 0, 1),
    offset: read.number('gate.offset', 0, 1),
    /** Replaces `turns.shortestGap`. */
    shortestGap: read.optional('gate.shortestGap', 0, 10),
    /** How the network's probabilities count in the scores of speakers. Absent: the scores are their activity alone. */
    fusion: read.has('gate.fusion')
      ? {
          speech: read.number('gate.fusion.speech', 0, 1),
          two: read.number('gate.fusion.two', 0, 1),
          second: read.number('gate.fusion.second', 1e-3, 1),
        }
      : undefined,
  };
}

export type FastCnnSettings = ReturnType<typeof fastCnnSettings>;

/**
 * Settings of the fast-cnn pipeline, whose network does both segmentation and embedding.
 * @throws `model-incompatible`, naming the setting and its range.
 */
export function fastCnnSettings(manifest: ModelManifest) {
  const read = new SettingsReader(manifest);
  return {
    /** Seconds between windows; a whole number of frames. */
    hop: read.number('hop', 0.02, 1),
    /** Windows per run of the network. */
    batch: read.number('batch', 1, 64),
    ...solveSettings(read),
  };
}

export function clusterSettings(read: SettingsReader) {
  return {
    /** Independent observations of a voice per second of speech: fewer than windows, which share audio and mood. */
    rate: read.number('cluster.rate', 1e-3, 50),
    /**
     * The same for the two sides of a track, when looking for a change of speaker: they are adjacent and share most of
     * what varies, so that each observation says more. Default: `rate`.
     */
    trackRate: read.optional('cluster.trackRate', 1e-3, 50),
    /** Maximum number of observations that a cluster counts for. */
    saturation: read.number('cluster.saturation', 0.1, 1e6),
    /**
     * Maximum seconds of clean speech that a whole recording counts for. Without this limit, small variations of one
     * speaker's voice add up to evidence for two speakers in long recordings.
     */
    horizon: read.optional('cluster.horizon', 1, 1e6),
    /** Minimum gain in log evidence for a merge. */
    evidence: read.number('cluster.evidence', -1000, 1000),
    /** Minimum seconds of clean speech for a track to take part in clustering. */
    shortestTrack: read.number('cluster.shortestTrack', 0, 10),
    /** Minimum seconds of clean speech for a cluster to be a speaker. */
    shortestSpeaker: read.number('cluster.shortestSpeaker', 0, 60),
    /** Minimum share of all clean speech for a cluster to be a speaker: long recordings have more stray tracks. */
    leastShare: read.number('cluster.leastShare', 0, 0.5),
  };
}

export type SolveSettings = ReturnType<typeof solveSettings>;

/**
 * Settings of clustering and turns, which depend on the weights of the networks. Stored in `manifest.json` under
 * `settings`, where `npm run calibrate` writes them.
 */
export function solveSettings(read: SettingsReader) {
  const voices = voiceSpace(read);
  const known = namingRules(read, voices.to);
  return {
    /** Activity above which a slot's frame counts as speech; seconds that a local speaker must speak in a window. */
    activity: { on: read.number('activity.on', 0, 1), shortest: read.number('activity.shortest', 0, 1) },
    voices,
    tracks: {
      overlap: read.number('tracks.overlap', 0, 1),
      similarity: read.number('tracks.similarity', -1, 1),
      /** Log evidence below which the two sides of a track are two speakers. */
      evidence: read.number('tracks.evidence', -1000, 1000),
    },
    cluster: clusterSettings(read),
    /** What recordings have in common is subtracted before clustering. Absent: it is not. */
    offset: offsetRules(read, known),
    decode: { trust: read.number('decode.trust', 0, 100), continuity: read.number('decode.continuity', 0, 1000) },
    turns: {
      onset: read.number('turns.onset', 0, 1),
      offset: read.number('turns.offset', 0, 1),
      /** Seconds. */
      shortestGap: read.number('turns.shortestGap', 0, 10),
      shortestTurn: read.number('turns.shortestTurn', 0, 10),
      /** Weight of a window's edges, relative to its middle. Default 0.05. */
      edge: read.optional('turns.edge', 1e-3, 1e3),
    },
    /** Logistic calibration of a turn: 1 / (1 + exp(−(bias + activity × a + identity × i))); see `confidence.ts`. */
    confidence: {
      bias: read.number('confidence.bias', -100, 100),
      activity: read.number('confidence.activity', -100, 100),
      identity: read.number('confidence.identity', -100, 100),
    },
    /** When a voice is recognized as a known one. */
    known,
  };
}

/** The directions are those that naming removes (`known.evidence.nuisance`). */
function offsetRules(read: SettingsReader, { evidence }: NamingRules): OffsetRules | undefined {
  if (!read.has('cluster.offset')) return undefined;
  const variance = read.number('cluster.offset', 0, 1e6);
  if (evidence?.nuisance === undefined) {
    throw read.wrong('cluster.offset', `${variance} without known.evidence.nuisance`, 'both, or neither');
  }
  return { directions: evidence.nuisance, variance };
}

/** `NamingRules.width` for manifests that only give a cosine threshold. */
const COSINE_WIDTH = 0.05;

/** @param to Dimensions of the voice space, if there is one. */
export function namingRules(read: SettingsReader, to = 1): NamingRules {
  if (read.has('known.at')) {
    const nuisance = read.has('known.evidence.nuisance') ? read.packed('known.evidence.nuisance') : undefined;
    if (nuisance && nuisance.length % to !== 0) {
      throw read.wrong('known.evidence.nuisance', `${nuisance.length} numbers`, `a multiple of ${to}`);
    }
    return {
      at: read.number('known.at', -1000, 1000),
      width: read.number('known.width', 1e-3, 1000),
      evidence: {
        rate: read.number('known.evidence.rate', 1e-3, 50),
        saturation: read.number('known.evidence.saturation', 0.1, 1e6),
        scale: read.number('known.evidence.scale', 1e-3, 1000),
        nuisance,
      },
    };
  }
  return { at: read.number('known', -1, 1), width: COSINE_WIDTH };
}

export function voiceSpace(read: SettingsReader): VoiceSpace {
  const between = Float32Array.from(read.list('voices.between'), (value) => Number(value));
  const mean = read.packed('voices.mean');
  const projection = read.packed('voices.projection');
  const [from, to] = [mean.length, between.length];
  if (to < 1 || projection.length !== from * to || !between.every((phi) => phi > 0)) {
    throw read.wrong(
      'voices',
      `${from} × ${to} with ${projection.length} numbers`,
      'a projection of mean × between (> 0)',
    );
  }
  return { from, to, mean, projection, between };
}
