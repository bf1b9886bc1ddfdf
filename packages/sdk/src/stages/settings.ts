import type { ModelManifest } from '../contract/model.ts';
import type { Variances, VoiceSpace } from './plda.ts';
import type { OffsetRules } from './recording-offset.ts';
import { SettingsReader } from './settings-reader.ts';
import type { FusionRules } from './speech.ts';
import type { LinkRules } from './tracks.ts';
import type { DecodeRules } from './viterbi.ts';

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

/**
 * Settings of clustering and turns, which depend on the weights of the networks. Stored in `manifest.json` under
 * `settings`, where `npm run calibrate` writes them.
 */
export interface SolveSettings {
  readonly activity: {
    /** Activity above which a slot's frame counts as speech. */
    readonly on: number;
    /** Minimum seconds that a slot must speak in a window to be a local speaker. */
    readonly shortest: number;
  };
  /** How voices vary. */
  readonly voices: VoiceSpace;
  readonly tracks: LinkRules & {
    /** Log evidence below which the two sides of a track are two speakers. */
    readonly evidence: number;
  };
  readonly cluster: {
    /** Independent observations of a voice per second of speech: fewer than windows, which share audio and mood. */
    readonly rate: number;
    /**
     * The same for the two sides of a track, when looking for a change of speaker: they are adjacent and share most of
     * what varies, so that each observation says more. Default: `rate`.
     */
    readonly trackRate?: number;
    /** Maximum number of observations that a cluster counts for. */
    readonly saturation: number;
    /**
     * Maximum seconds of clean speech that a whole recording counts for. Without this limit, small variations of one
     * speaker's voice add up to evidence for two speakers in long recordings.
     */
    readonly horizon?: number;
    /** Minimum gain in log evidence for a merge. */
    readonly evidence: number;
    /** Minimum seconds of clean speech for a track to take part in clustering. */
    readonly shortestTrack: number;
    /** Minimum seconds of clean speech for a cluster to be a speaker. */
    readonly shortestSpeaker: number;
    /** Minimum share of all clean speech for a cluster to be a speaker: long recordings have more stray tracks. */
    readonly leastShare: number;
  };
  /** What recordings have in common is subtracted before clustering. Absent: it is not. */
  readonly offset?: OffsetRules;
  readonly decode: DecodeRules;
  readonly turns: {
    readonly onset: number;
    readonly offset: number;
    /** Seconds. */
    readonly shortestGap: number;
    /** Seconds. */
    readonly shortestTurn: number;
    /** Weight of a window's edges, relative to its middle. Default 0.05. */
    readonly edge?: number;
  };
  /** Logistic calibration of a turn: 1 / (1 + exp(−(bias + activity × a + identity × i))); see `confidence.ts`. */
  readonly confidence: { readonly bias: number; readonly activity: number; readonly identity: number };
  /** When a voice is recognized as a known one. */
  readonly known: NamingRules;
}

/** Settings for vectors that are in a voice space already. */
export type ClusterSettings = Omit<SolveSettings, 'voices'> & { readonly voices: Variances };

/**
 * Settings of a segmentation network that is used as a speech gate, and of turns when it is. Stored in its own manifest
 * under `settings.gate`.
 */
export interface GateSettings {
  /** Seconds between windows of a recording, and of a live session. */
  readonly step: number;
  readonly liveStep: number;
  /** Windows per run of the network for recordings: some networks are faster with several. Default 1. */
  readonly batch: number;
  /** Probability of speech below which activity is not used to tell speakers apart. */
  readonly speech: number;
  /** Probability of speech below which a frame is silent. Default: `speech`. */
  readonly silence?: number;
  /** Seconds of silence that always end a turn, even if `shortestGap` is longer. */
  readonly shortestSilence: number;
  /** Replace `turns.onset` and `turns.offset`: after the gate only speech is left, so lower thresholds suffice. */
  readonly onset: number;
  readonly offset: number;
  /** Replaces `turns.shortestGap`. */
  readonly shortestGap?: number;
  /** How the network's probabilities count in the scores of speakers. Absent: the scores are their activity alone. */
  readonly fusion?: FusionRules;
}

/** @throws `model-incompatible`, naming the setting and its range. */
export function gateSettings(manifest: ModelManifest): GateSettings {
  const read = new SettingsReader(manifest);
  return {
    step: read.number('gate.step', 0.1, 10),
    liveStep: read.number('gate.liveStep', 0.1, 10),
    batch: Math.round(read.optional('gate.batch', 1, 64) ?? 1),
    speech: read.number('gate.speech', 0, 1),
    silence: read.optional('gate.silence', 0, 1),
    shortestSilence: read.number('gate.shortestSilence', 0, 10),
    onset: read.number('gate.onset', 0, 1),
    offset: read.number('gate.offset', 0, 1),
    shortestGap: read.optional('gate.shortestGap', 0, 10),
    fusion: read.has('gate.fusion')
      ? {
          speech: read.number('gate.fusion.speech', 0, 1),
          two: read.number('gate.fusion.two', 0, 1),
          second: read.number('gate.fusion.second', 1e-3, 1),
        }
      : undefined,
  };
}

/** Settings of the fast-cnn pipeline, whose network does both segmentation and embedding. */
export interface FastCnnSettings extends SolveSettings {
  /** Seconds between windows; a whole number of frames. */
  readonly hop: number;
  /** Windows per run of the network. */
  readonly batch: number;
}

/** Reads and checks a manifest's settings. @throws `model-incompatible`, naming the setting and its range. */
export function fastCnnSettings(manifest: ModelManifest): FastCnnSettings {
  const read = new SettingsReader(manifest);
  return { hop: read.number('hop', 0.02, 1), batch: read.number('batch', 1, 64), ...solveSettings(read) };
}

export function clusterSettings(read: SettingsReader): SolveSettings['cluster'] {
  return {
    rate: read.number('cluster.rate', 1e-3, 50),
    trackRate: read.optional('cluster.trackRate', 1e-3, 50),
    saturation: read.number('cluster.saturation', 0.1, 1e6),
    horizon: read.optional('cluster.horizon', 1, 1e6),
    evidence: read.number('cluster.evidence', -1000, 1000),
    shortestTrack: read.number('cluster.shortestTrack', 0, 10),
    shortestSpeaker: read.number('cluster.shortestSpeaker', 0, 60),
    leastShare: read.number('cluster.leastShare', 0, 0.5),
  };
}

export function solveSettings(read: SettingsReader): SolveSettings {
  const voices = voiceSpace(read);
  const known = namingRules(read, voices.to);
  return {
    activity: { on: read.number('activity.on', 0, 1), shortest: read.number('activity.shortest', 0, 1) },
    voices,
    tracks: {
      overlap: read.number('tracks.overlap', 0, 1),
      similarity: read.number('tracks.similarity', -1, 1),
      evidence: read.number('tracks.evidence', -1000, 1000),
    },
    cluster: clusterSettings(read),
    offset: offsetRules(read, known),
    decode: { trust: read.number('decode.trust', 0, 100), continuity: read.number('decode.continuity', 0, 1000) },
    turns: {
      onset: read.number('turns.onset', 0, 1),
      offset: read.number('turns.offset', 0, 1),
      shortestGap: read.number('turns.shortestGap', 0, 10),
      shortestTurn: read.number('turns.shortestTurn', 0, 10),
      edge: read.optional('turns.edge', 1e-3, 1e3),
    },
    confidence: {
      bias: read.number('confidence.bias', -100, 100),
      activity: read.number('confidence.activity', -100, 100),
      identity: read.number('confidence.identity', -100, 100),
    },
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
