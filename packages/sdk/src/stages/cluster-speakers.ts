import { agglomerateSteps, clustersAfter, clustersAt, cut, observations, type Points, type Tree } from './ahc.ts';
import { type Slots, tabulateSteps, voiceOf } from './local-speaker-table.ts';
import type { LocalRecording } from './local-speakers.ts';
import type { VoicedPiece } from './pieces.ts';
import { project, type SpeakerModel, speakerModel, type VoiceSpace } from './plda.ts';
import type { SolveSettings } from './settings.ts';
import { splitTrackSteps } from './split-tracks.ts';
import type { Steps } from './steps.ts';
import { linkTrackSteps, type Tracks } from './tracks.ts';
import { accumulate, dot, normalize } from './vectors.ts';
import { decodeSteps, speakerScoreSteps } from './viterbi.ts';

/** Maximum points of one clustering, whose matrix has `n²` float32 numbers (4 MB). More are first merged in blocks. */
const MOST_POINTS = 1000;
/** Consecutive points per block. A block's cost grows with its square, so the total cost grows with the length. */
const BLOCK = 128;
/** Rounds of assigning the slots and estimating the speakers again; they have converged by then. */
const ROUNDS = 3;
/** How many more clusters than wanted the tree may be cut into, to find enough that are more than a stray track. */
const MOST_SMALL_CLUSTERS = 60;

/** A few milliseconds of work. */
const PIECES_PER_STEP = 128;

type TrackSums = Pick<Tracks, 'seconds' | 'sum'>;

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
export function* clusterSpeakers(
  local: LocalRecording,
  settings: SolveSettings,
  frame: number,
  refinement?: Refinement,
): Steps<Clustering> {
  const { cluster } = settings;
  const slots = yield* tabulateSteps(local, settings.voices, settings.activity.on, frame);
  const tracks = local.pieces
    ? yield* pieceTracks(local.pieces, settings.voices, frame)
    : yield* slotTracks(local, slots, settings);
  const scale = scaleOf(settings, tracks.seconds);
  const points = trackPoints(tracks, cluster.shortestTrack, cluster.rate);
  const compact = yield* inBlocks(points, settings, scale);
  const tree = yield* agglomerateSteps(compact, settings.voices.between, undefined, cluster.saturation, scale);
  const seconds = Float64Array.from(compact.weight, (weight) => weight / cluster.rate);
  const all = seconds.reduce((sum, x) => sum + x, 0);
  const least = Math.max(cluster.shortestSpeaker, cluster.leastShare * all);
  const large = (labels: Int32Array) => largest(labels, seconds).filter(({ total }) => total >= least);
  return {
    automatic: tree.points === 0 ? 0 : Math.max(1, large(cut(tree, clustersLeft(tree, settings))).length),
    most: tree.points,
    partition: function* (count) {
      const labels = enoughClusters(tree, count, (candidate) => large(candidate).length);
      const kept = largest(labels, seconds).slice(0, count);
      const models = kept.map(({ label }) => modelOf(settings, compact, labels, label));
      const partition = yield* refine(local, slots, models, settings, frame, refinement?.rounds);
      return refinement ? yield* refinement.settle(partition) : partition;
    },
  };
}

/**
 * Scales down the weight of speech if the recording has more than `horizon` seconds of it, so that it counts as that.
 */
function scaleOf({ cluster }: SolveSettings, seconds: Float64Array): number {
  const all = seconds.reduce((sum, x) => sum + x, 0);
  return cluster.horizon === undefined || all <= cluster.horizon ? 1 : cluster.horizon / all;
}

/** Number of clusters after merging. */
function clustersLeft(tree: Tree, { cluster }: SolveSettings): number {
  return cluster.horizon === undefined ? clustersAt(tree, cluster.evidence) : clustersAfter(tree, cluster.evidence);
}

function* slotTracks(local: LocalRecording, slots: Slots, settings: SolveSettings): Steps<TrackSums> {
  const { cluster } = settings;
  const linked = yield* linkTrackSteps(local, slots, settings.tracks);
  return yield* splitTrackSteps(slots, linked, settings.voices, {
    rate: cluster.trackRate ?? cluster.rate,
    saturation: cluster.saturation,
    evidence: settings.tracks.evidence,
    share: local.hop / local.frames,
  });
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

/** The tracks that are long enough for clustering, or all if too few are. The others are assigned later. */
function trackPoints(tracks: TrackSums, least: number, rate: number): Points {
  const all = Array.from(tracks.seconds.keys());
  const long = all.filter((i) => tracks.seconds[i]! >= least);
  const chosen = long.length >= 2 ? long : all;
  return {
    weight: Float64Array.from(chosen, (i) => tracks.seconds[i]! * rate),
    sum: chosen.map((i) => tracks.sum[i]!.map((x) => x * rate)),
  };
}

/** Merges points in consecutive blocks until there are few enough for one clustering. */
function* inBlocks(points: Points, settings: SolveSettings, scale: number): Steps<Points> {
  const { voices, cluster } = settings;
  let current = points;
  // Each pass at least halves the points, so that the loop ends even if blocks would not merge.
  while (current.weight.length > MOST_POINTS) {
    const merged: { weight: number[]; sum: Float32Array[] } = { weight: [], sum: [] };
    for (let from = 0; from < current.weight.length; from += BLOCK) {
      const block = {
        weight: current.weight.slice(from, from + BLOCK),
        sum: current.sum.slice(from, from + BLOCK),
      };
      const tree = yield* agglomerateSteps(block, voices.between, undefined, cluster.saturation, scale);
      const clusters = Math.min(clustersLeft(tree, settings), Math.max(1, tree.points >> 1));
      const labels = cut(tree, clusters);
      for (let label = 0; label < clusters; label++) {
        const { weight, sum } = total(block, labels, label);
        merged.weight.push(weight);
        merged.sum.push(sum);
      }
    }
    current = { weight: Float64Array.from(merged.weight), sum: merged.sum };
  }
  return current;
}

function total(points: Points, labels: Int32Array, label: number): { weight: number; sum: Float32Array } {
  const sum = new Float32Array(points.sum[0]?.length ?? 0);
  let weight = 0;
  labels.forEach((other, i) => {
    if (other !== label) return;
    weight += points.weight[i]!;
    accumulate(sum, points.sum[i]!, 1);
  });
  return { weight, sum };
}

/** Clusters with the seconds of their points, longest first. */
function largest(labels: Int32Array, seconds: Float64Array): { readonly label: number; readonly total: number }[] {
  const totals: number[] = [];
  labels.forEach((label, i) => {
    totals[label] = (totals[label] ?? 0) + seconds[i]!;
  });
  return totals.map((total, label) => ({ label, total })).sort((a, b) => b.total - a.total || a.label - b.label);
}

/** The coarsest cut with `count` large clusters. Stray tracks may remain as small clusters, which are ignored. */
function enoughClusters(tree: Tree, count: number, large: (labels: Int32Array) => number): Int32Array {
  const plain = cut(tree, Math.min(count, tree.points));
  for (let pieces = count; pieces <= Math.min(tree.points, count + MOST_SMALL_CLUSTERS); pieces++) {
    const labels = pieces === count ? plain : cut(tree, pieces);
    if (large(labels) >= count) return labels;
  }
  return plain;
}

function modelOf(settings: SolveSettings, points: Points, labels: Int32Array, label: number): SpeakerModel {
  const { weight, sum } = total(points, labels, label);
  return modelFrom(settings, weight, sum);
}

/** Estimates a speaker. The certainty grows with the amount of speech, up to `saturation`. */
function modelFrom({ voices, cluster }: SolveSettings, weight: number, sum: Float32Array): SpeakerModel {
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
  settings: SolveSettings,
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
  settings: SolveSettings,
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
