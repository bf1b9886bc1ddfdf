import { type BinarizedWindows, spokenFrames } from './binarized-recording.ts';
import { centroidLinkage, flatClusters, type Linkage } from './centroid-linkage.ts';
import { assignment } from './hungarian.ts';
import { kMeans } from './k-means.ts';
import type { Steps } from './steps.ts';
import { toXVectorSpace, type VbxRules, vbx, type XVectorSpace } from './vbx.ts';
import { normalize } from './vectors.ts';

export interface VbxSettings extends VbxRules {
  /** Maximum distance of centroids of unit vectors for the initial clusters. */
  readonly threshold: number;
  /** Minimum share of a window that a local speaker must speak alone to take part in clustering. */
  readonly leastShare: number;
}

/** Maximum local speakers in a clustering (8 bytes per pair, 25 MB). If there are more, only every n-th takes part. */
const MOST_POINTS = 2500;
/**
 * Maximum number of initial clusters of VBx, whose iterations cost points × clusters × dimensions. Voices that are all
 * different would each start as a cluster, which took three minutes for four hours of audio; no recording has that many
 * speakers.
 */
const MOST_CLUSTERS = 100;
/** Speakers with a prior up to this are dropped. */
const LEAST_PRIOR = 1e-7;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;

/** Cluster of a local speaker that is silent, or for which no cluster was left. */
export const NOBODY = -2;

/** The voices (clusters) of a recording, before local speakers are assigned to them. */
export interface Voices {
  readonly recording: BinarizedWindows;
  /** Rows that take part in clustering, and their unit-length embeddings. */
  readonly rows: Int32Array;
  readonly units: readonly Float32Array[];
  /** By row: whether the local speaker speaks. */
  readonly speaks: Uint8Array;
  /** `[clusters]`: mean embedding of each cluster found without bounds. */
  readonly centroids: readonly Float64Array[];
}

/** The clusters of a recording's local speakers. */
export interface Assignment {
  readonly centroids: readonly Float64Array[];
  /** Cluster by row, or `NOBODY`. */
  readonly clusterOf: Int16Array;
}

/**
 * Finds the clusters like pyannote's community-1: centroid linkage, then VBx in the PLDA space; returns the centroids
 * of the remaining clusters.
 */
export function* findVoices(recording: BinarizedWindows, space: XVectorSpace, settings: VbxSettings): Steps<Voices> {
  const { alone, all } = spokenFrames(recording);
  const speaks = Uint8Array.from(all, (frames) => (frames > 0 ? 1 : 0));
  yield;
  const long = [...alone.keys()].filter((row) => alone[row]! >= settings.leastShare * recording.frames);
  const every = Math.ceil(long.length / MOST_POINTS);
  const rows = Int32Array.from(long.filter((_, i) => i % every === 0));
  const units = Array.from(rows, (row) => normalize(recording.voice(row).slice()));
  const found = { recording, rows, units, speaks };
  if (rows.length < 2) return { ...found, centroids: [meanOf(recording, rows, () => 1)] };
  const first = firstClusters(yield* centroidLinkage(units), settings.threshold);
  const voices: Float64Array[] = [];
  for (const row of rows) {
    if (voices.length % WINDOWS_PER_STEP === 0) yield;
    voices.push(toXVectorSpace(space, recording.voice(row)));
  }
  const { responsibilities, priors, speakers } = yield* vbx(voices, space.between, first, settings);
  const centroids: Float64Array[] = [];
  for (let s = 0; s < speakers; s++) {
    if (priors[s]! <= LEAST_PRIOR) continue;
    yield;
    centroids.push(meanOf(recording, rows, (t) => responsibilities[t * speakers + s]!));
  }
  return { ...found, centroids };
}

/** The clusters at the threshold, or at the lowest higher threshold with at most `MOST_CLUSTERS` clusters. */
function firstClusters(tree: Linkage, threshold: number): Int32Array {
  const labels = flatClusters(tree, threshold);
  if (countOf(labels) <= MOST_CLUSTERS) return labels;
  const distances = tree.distance.filter((distance) => distance > threshold).sort();
  let [low, high] = [0, distances.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (countOf(flatClusters(tree, distances[middle]!)) <= MOST_CLUSTERS) high = middle;
    else low = middle + 1;
  }
  return flatClusters(tree, distances[high]!);
}

function countOf(labels: Int32Array): number {
  return labels.reduce((most, label) => Math.max(most, label + 1), 0);
}

/** Assigns every local speaker to the most similar centroid; those of one window to different centroids. */
export function assignVoices(voices: Voices): Steps<Assignment> {
  return assign(voices, voices.centroids, true);
}

/**
 * Like `assignVoices`, for another number of clusters, found by k-means. Two local speakers of one window may then get
 * the same cluster, as in pyannote.
 */
export function* assignVoicesToCount(voices: Voices, count: number): Steps<Assignment> {
  const { recording, rows, units } = voices;
  const labels = yield* kMeans(units, Math.min(count, Math.max(1, rows.length)));
  const centroids = Array.from({ length: Math.max(1, countOf(labels)) }, (_, k) =>
    meanOf(recording, rows, (t) => (labels[t] === k ? 1 : 0)),
  );
  return yield* assign(voices, centroids, false);
}

function* assign(
  { recording, speaks }: Voices,
  centroids: readonly Float64Array[],
  constrained: boolean,
): Steps<Assignment> {
  const { windows, slots } = recording;
  const clusterOf = new Int16Array(windows * slots).fill(NOBODY);
  const lengths = centroids.map((centroid) => Math.sqrt(centroid.reduce((sum, x) => sum + x * x, 0)));
  const score = new Float64Array(slots * centroids.length);
  for (let window = 0; window < windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    for (let slot = 0; slot < slots; slot++) {
      const row = window * slots + slot;
      centroids.forEach((centroid, k) => {
        // Below every cosine, so that silent local speakers do not take a cluster from others.
        score[slot * centroids.length + k] = speaks[row] ? cosine(recording.voice(row), centroid, lengths[k]!) : -3;
      });
    }
    const clusters = constrained ? assignment(score, slots, centroids.length, { maximize: true }) : undefined;
    for (let slot = 0; slot < slots; slot++) {
      const row = window * slots + slot;
      const cluster = clusters ? clusters[slot]! : bestOf(score, slot, centroids.length);
      if (speaks[row] && cluster >= 0) clusterOf[row] = cluster;
    }
  }
  return { centroids, clusterOf };
}

function meanOf(recording: BinarizedWindows, rows: Int32Array, weightOf: (at: number) => number): Float64Array {
  const first = recording.voice(rows[0] ?? 0);
  const sum = new Float64Array(first.length);
  let total = 0;
  rows.forEach((row, t) => {
    const weight = weightOf(t);
    if (weight === 0) return;
    total += weight;
    const voice = recording.voice(row);
    for (let d = 0; d < sum.length; d++) sum[d]! += weight * voice[d]!;
  });
  return total > 0 ? sum.map((x) => x / total) : sum;
}

function cosine(x: Float32Array, y: Float64Array, length: number): number {
  let product = 0;
  let square = 0;
  for (let d = 0; d < x.length; d++) {
    product += x[d]! * y[d]!;
    square += x[d]! ** 2;
  }
  return square > 0 && length > 0 ? product / (Math.sqrt(square) * length) : 0;
}

function bestOf(score: Float64Array, slot: number, clusters: number): number {
  let best = 0;
  for (let k = 1; k < clusters; k++) if (score[slot * clusters + k]! > score[slot * clusters + best]!) best = k;
  return best;
}
