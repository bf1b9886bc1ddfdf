import { observations } from './ahc.ts';
import { clustersOf, clusterTracks, largeClusters, type TrackSums } from './cluster-tracks.ts';
import { type Slots, tabulateSteps, voiceOf } from './local-speaker-table.ts';
import type { LocalRecording } from './local-speakers.ts';
import type { VoicedPiece } from './pieces.ts';
import { project, type SpeakerModel, speakerModel, type VoiceSpace } from './plda.ts';
import { type OffsetRules, recordingOffset } from './recording-offset.ts';
import type { ClusterSettings, SolveSettings } from './settings.ts';
import { splitTrackSteps } from './split-tracks.ts';
import type { Steps } from './steps.ts';
import { linkTrackSteps } from './tracks.ts';
import { accumulate, dot, normalize } from './vectors.ts';
import { decodeSteps, speakerScoreSteps } from './viterbi.ts';

/** Rounds of assigning the slots and estimating the speakers again; they have converged by then. */
const ROUNDS = 3;
/** A few milliseconds of work. */
const PIECES_PER_STEP = 128;
const SLOTS_PER_STEP = 4096;

/** A clustering of the local speakers of all windows, which can be cut into any number of speakers. */
export interface Clustering {
  /** Number of speakers found without bounds, ≥ 1 (0 without speech). */
  readonly automatic: number;
  /** Maximum number of speakers. */
  readonly most: number;
  /** The partition into a number of speakers in 1 … `most`. */
  partition(count: number): Steps<Partition>;
}

export interface Partition {
  readonly speakers: number;
  readonly slots: Slots;
  /** `[windows, slots]`: speaker of each slot, −1 for none. */
  readonly speakerOf: Int16Array;
  /** `[rows, speakers]`: scaled log likelihood of each local speaker under each speaker. */
  readonly scores: Float32Array;
  /** `[speakers]`. */
  readonly models: readonly SpeakerModel[];
}

/** How clusters become speakers. */
interface Refinement {
  /** Rounds of assigning the slots and estimating the speakers again. */
  readonly rounds: number;
  /** Final step on the partition. */
  readonly settle: (partition: Partition) => Steps<Partition>;
}

/** Clusters local speakers: into tracks, then into speakers by evidence, which also determines their number. */
export function* clusterSpeakers(local: LocalRecording, settings: SolveSettings, frame: number): Steps<Clustering> {
  const slots = yield* tabulateSteps(local, settings.voices, settings.activity.on, frame);
  const pieces = local.pieces && (yield* pieceTracks(local.pieces, settings.voices, frame));
  return yield* clusterSlots(local, slots, settings, frame, { pieces });
}

/** Clusters a table of local speakers, whose vectors change if the recording has an offset. */
export function* clusterSlots(
  local: LocalRecording,
  slots: Slots,
  settings: ClusterSettings,
  frame: number,
  { pieces, refinement }: { readonly pieces?: TrackSums | undefined; readonly refinement?: Refinement },
): Steps<Clustering> {
  const tracks = pieces ?? (yield* slotTracks(local, slots, settings));
  if (settings.offset) yield* removeOffset(slots, tracks, settings, settings.offset);
  const clusters = yield* clusterTracks(tracks, settings);
  return {
    automatic: clusters.tree.points === 0 ? 0 : Math.max(1, largeClusters(clusters, settings).length),
    most: clusters.tree.points,
    partition: function* (count) {
      const models = clustersOf(clusters, count).map(({ weight, sum }) => modelFrom(settings, weight, sum));
      const partition = yield* refine(local, slots, models, settings, frame, refinement?.rounds);
      return refinement ? yield* refinement.settle(partition) : partition;
    },
  };
}

function* slotTracks(local: LocalRecording, slots: Slots, settings: ClusterSettings): Steps<TrackSums> {
  const { cluster } = settings;
  const linked = yield* linkTrackSteps(local, slots, settings.tracks);
  return yield* splitTrackSteps(slots, linked, settings.voices, {
    rate: cluster.trackRate ?? cluster.rate,
    saturation: cluster.saturation,
    evidence: settings.tracks.evidence,
    share: local.hop / local.frames,
  });
}

/** Subtracts the recording's offset from all slots and tracks, in place. Its speakers are first found without that. */
function* removeOffset(slots: Slots, tracks: TrackSums, settings: ClusterSettings, rules: OffsetRules): Steps<void> {
  const speakers = largeClusters(yield* clusterTracks(tracks, settings), settings);
  const voices = speakers.map(({ weight, sum }) => sum.map((x) => x / weight));
  const offset = recordingOffset(voices, settings.voices.between, rules);
  tracks.sum.forEach((sum, i) => {
    accumulate(sum, offset, -tracks.seconds[i]!);
  });
  for (let row = 0; row < slots.window.length; row++) {
    if (row % SLOTS_PER_STEP === 0) yield;
    accumulate(voiceOf(slots, row), offset, -1);
  }
}

/** Makes each piece a track. */
function* pieceTracks(pieces: readonly VoicedPiece[], space: VoiceSpace, frame: number): Steps<TrackSums> {
  const sum: Float32Array[] = [];
  for (const { voice, frames } of pieces) {
    if (sum.length % PIECES_PER_STEP === 0) yield;
    const projected = new Float32Array(space.to);
    project(space, voice, projected);
    sum.push(projected.map((x) => x * frames * frame));
  }
  return { seconds: Float64Array.from(pieces, ({ frames }) => frames * frame), sum };
}

/** Estimates a speaker. The certainty grows with the amount of speech, up to `saturation`. */
function modelFrom({ voices, cluster }: ClusterSettings, weight: number, sum: Float32Array): SpeakerModel {
  const count = observations(weight, cluster.saturation);
  const scale = weight > 0 ? count / weight : 0;
  return speakerModel(
    voices.between,
    count,
    sum.map((x) => x * scale),
  );
}

/** Alternates between assigning speakers to all slots and estimating the speakers from their slots. */
export function* refine(
  local: LocalRecording,
  slots: Slots,
  first: readonly SpeakerModel[],
  settings: ClusterSettings,
  frame: number,
  rounds = ROUNDS,
): Steps<Partition> {
  let models = first;
  for (let round = 1; ; round++) {
    const scores = yield* speakerScoreSteps(slots, models, settings.decode.trust);
    const speakerOf = yield* decodeSteps(local, slots, scores, models.length, settings.decode, frame);
    if (round === rounds) return { speakers: models.length, slots, speakerOf, scores, models };
    models = estimateModels(local, slots, speakerOf, models.length, settings);
  }
}

/** Estimates the speakers from their slots. @param speakerOf `[windows, slots]`. */
export function estimateModels(
  local: LocalRecording,
  slots: Slots,
  speakerOf: Int16Array,
  speakers: number,
  settings: ClusterSettings,
): SpeakerModel[] {
  const { voices, cluster } = settings;
  const sums = Array.from({ length: speakers }, () => new Float32Array(voices.to));
  const weights = new Float64Array(speakers);
  const perSecond = (cluster.rate * local.hop) / local.frames;
  speakerOf.forEach((speaker, at) => {
    const row = slots.rowAt[at]!;
    if (speaker < 0 || row < 0) return;
    const weight = slots.clean[row]! * perSecond;
    weights[speaker]! += weight;
    accumulate(sums[speaker]!, voiceOf(slots, row), weight);
  });
  return sums.map((sum, k) => modelFrom(settings, weights[k]!, sum));
}

/** A speaker's embedding: mean of its slots' embeddings, weighted by clean speech, minus `mean`; unit length. */
export function speakerEmbedding(
  local: LocalRecording,
  { slots, speakerOf }: Partition,
  speaker: number,
  mean: Float32Array,
): Float32Array {
  const sum = new Float32Array(local.dimensions);
  let weights = 0;
  speakerOf.forEach((other, at) => {
    const row = slots.rowAt[at]!;
    if (other !== speaker || row < 0) return;
    const embedding = local.embedding(slots.window[row]!, slots.slot[row]!) as Float32Array;
    const weight = slots.clean[row]! + 1e-3;
    accumulate(sum, embedding, weight);
    weights += weight;
  });
  accumulate(sum, mean, -weights);
  return dot(sum, sum) > 0 ? normalize(sum) : sum;
}
