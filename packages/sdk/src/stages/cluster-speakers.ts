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

/** Points of one clustering: its matrix is `n²` float32 numbers, 4 MB. More are merged block by block first. */
const MOST_POINTS = 1000;
/** Points of a block, in order of time: a block costs the square of it, so all blocks together the length times it. */
const BLOCK = 128;
/** Rounds of naming the slots and learning the speakers anew: they have settled by then. */
const ROUNDS = 3;
/** How much finer than wanted the tree may be cut to find enough clusters that are more than a stray track. */
const MOST_STRAYS = 60;

/** A few milliseconds of work. */
const PIECES_PER_STEP = 128;

type TrackSums = Pick<Tracks, 'seconds' | 'sum'>;

/** Who is who: the local speakers of all windows, and the tree of their clusters. */
export interface Clustering {
  /** Speakers when nothing is asked for, ≥ 1 (0 without speech). */
  readonly automatic: number;
  /** The most speakers there can be. */
  readonly most: number;
  /** The partition into a number of speakers in 1 … `most`. */
  partition(count: number): Steps<Partition>;
}

export interface Partition {
  readonly speakers: number;
  readonly slots: Slots;
  /** `[windows, slots]`: speaker of each slot, −1 for nobody. */
  readonly speakerOf: Int16Array;
  /** `[rows, speakers]`: scaled log likelihood of each local speaker under each speaker. */
  readonly scores: Float32Array;
  /** `[speakers]`. */
  readonly models: readonly SpeakerModel[];
}

/** Clusters local speakers: tracks, then speakers by evidence, which also tells how many there are. */
export function* clusterSpeakers(local: LocalRecording, settings: SolveSettings, frame: number): Steps<Clustering> {
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
    partition: (count) => {
      const labels = enoughClusters(tree, count, (candidate) => large(candidate).length);
      const kept = largest(labels, seconds).slice(0, count);
      const models = kept.map(({ label }) => modelOf(settings, compact, labels, label));
      return refine(local, slots, models, settings, frame);
    },
  };
}

/** In a recording with more speech than the horizon, a second of it counts for less: all of it counts as much as that. */
function scaleOf({ cluster }: SolveSettings, seconds: Float64Array): number {
  const all = seconds.reduce((sum, x) => sum + x, 0);
  return cluster.horizon === undefined || all <= cluster.horizon ? 1 : cluster.horizon / all;
}

/** Clusters that merging leaves. */
function clustersLeft(tree: Tree, { cluster }: SolveSettings): number {
  return cluster.horizon === undefined ? clustersAt(tree, cluster.evidence) : clustersAfter(tree, cluster.evidence);
}

function* slotTracks(local: LocalRecording, slots: Slots, settings: SolveSettings): Steps<TrackSums> {
  const { cluster } = settings;
  const linked = yield* linkTrackSteps(local, slots, settings.tracks);
  return yield* splitTrackSteps(slots, linked, settings.voices, {
    rate: cluster.rate,
    saturation: cluster.saturation,
    evidence: settings.tracks.evidence,
    share: local.hop / local.frames,
  });
}

/** Each piece is a track of its own. */
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

/** Tracks that are long enough (all, where too few are): the rest is named later. */
function trackPoints(tracks: TrackSums, least: number, rate: number): Points {
  const all = Array.from(tracks.seconds.keys());
  const long = all.filter((i) => tracks.seconds[i]! >= least);
  const chosen = long.length >= 2 ? long : all;
  return {
    weight: Float64Array.from(chosen, (i) => tracks.seconds[i]! * rate),
    sum: chosen.map((i) => tracks.sum[i]!.map((x) => x * rate)),
  };
}

/** Merges block by block, in order of time, until there are few enough points for one clustering. */
function* inBlocks(points: Points, settings: SolveSettings, scale: number): Steps<Points> {
  const { voices, cluster } = settings;
  let current = points;
  // Halving, at least, each time: blocks that would not merge must not go on for ever.
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

/** Clusters by the seconds of their points, longest first. */
function largest(labels: Int32Array, seconds: Float64Array): { readonly label: number; readonly total: number }[] {
  const totals: number[] = [];
  labels.forEach((label, i) => {
    totals[label] = (totals[label] ?? 0) + seconds[i]!;
  });
  return totals.map((total, label) => ({ label, total })).sort((a, b) => b.total - a.total || a.label - b.label);
}

/** The coarsest cut with `count` large clusters: stray tracks may stay clusters of their own, and are left out. */
function enoughClusters(tree: Tree, count: number, large: (labels: Int32Array) => number): Int32Array {
  const plain = cut(tree, Math.min(count, tree.points));
  for (let pieces = count; pieces <= Math.min(tree.points, count + MOST_STRAYS); pieces++) {
    const labels = pieces === count ? plain : cut(tree, pieces);
    if (large(labels) >= count) return labels;
  }
  return plain;
}

function modelOf(settings: SolveSettings, points: Points, labels: Int32Array, label: number): SpeakerModel {
  const { weight, sum } = total(points, labels, label);
  return modelFrom(settings, weight, sum);
}

/** A speaker is known as well as their speech makes them, and no better than `saturation` allows. */
function modelFrom({ voices, cluster }: SolveSettings, weight: number, sum: Float32Array): SpeakerModel {
  const count = observations(weight, cluster.saturation);
  const scale = weight > 0 ? count / weight : 0;
  return speakerModel(
    voices.between,
    count,
    sum.map((x) => x * scale),
  );
}

/** Names all slots, learns the speakers from what they were given, and again. */
function* refine(
  local: LocalRecording,
  slots: Slots,
  first: readonly SpeakerModel[],
  settings: SolveSettings,
  frame: number,
): Steps<Partition> {
  let models = first;
  for (let round = 1; ; round++) {
    const scores = yield* speakerScoreSteps(slots, models, settings.decode.trust);
    const speakerOf = yield* decodeSteps(local, slots, scores, models.length, settings.decode, frame);
    if (round === ROUNDS) return { speakers: models.length, slots, speakerOf, scores, models };
    models = learn(local, slots, speakerOf, models.length, settings);
  }
}

function learn(
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

/** A speaker's embedding: the mean of their slots', less the mean of all voices, weighted by clean speech; unit length. */
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
