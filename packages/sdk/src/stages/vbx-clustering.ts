import { centroidLinkage, flatClusters, type Linkage } from './centroid-linkage.ts';
import { type HeardWindows, spokenFrames } from './heard-windows.ts';
import { assignment } from './hungarian.ts';
import { kMeans } from './k-means.ts';
import type { Steps } from './steps.ts';
import { toXVectorSpace, type VbxRules, vbx, type XVectorSpace } from './vbx.ts';
import { normalize } from './vectors.ts';

export interface VbxSettings extends VbxRules {
  /** Distance of unit vectors' centroids up to which they are one cluster, to begin with. */
  readonly threshold: number;
  /** Share of a window that a local speaker must speak alone to take part in clustering. */
  readonly leastShare: number;
}

/** Local speakers in one clustering: its distances are 8 bytes a pair, 25 MB. Of more, every so many-th takes part. */
const MOST_POINTS = 2500;
/**
 * Clusters that VBx begins with: each of its rounds takes points × clusters × dimensions. Voices that are all unlike each
 * other would begin with one each, which took three minutes for four hours; nobody's recording has as many speakers.
 */
const MOST_CLUSTERS = 100;
/** A speaker whose prior is not above this is none. */
const LEAST_PRIOR = 1e-7;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;

/** Nobody: a local speaker who says nothing, or for whom no cluster was left. */
export const NOBODY = -2;

/** The voices of a recording, before anybody is named. */
export interface Voices {
  readonly heard: HeardWindows;
  /** Rows that take part in clustering; their unit vectors. */
  readonly rows: Int32Array;
  readonly units: readonly Float32Array[];
  /** Whether a row says anything, by row. */
  readonly speaks: Uint8Array;
  /** Of the clusters that are found without being asked for: `[clusters]` means of the network's own vectors. */
  readonly centroids: readonly Float64Array[];
}

/** Who a recording's local speakers are. */
export interface Assignment {
  readonly centroids: readonly Float64Array[];
  /** Cluster by row, or `NOBODY`. */
  readonly clusterOf: Int16Array;
  /** Cosine of each row with its cluster; 0 for nobody. */
  readonly likeness: Float32Array;
}

/**
 * As pyannote's community-1: centroid linkage, then VBx in the space of PLDA; the centroids of what is left.
 */
export function* findVoices(heard: HeardWindows, space: XVectorSpace, settings: VbxSettings): Steps<Voices> {
  const { alone, all } = spokenFrames(heard);
  const speaks = Uint8Array.from(all, (frames) => (frames > 0 ? 1 : 0));
  yield;
  const long = [...alone.keys()].filter((row) => alone[row]! >= settings.leastShare * heard.frames);
  const every = Math.ceil(long.length / MOST_POINTS);
  const rows = Int32Array.from(long.filter((_, i) => i % every === 0));
  const units = Array.from(rows, (row) => normalize(heard.voice(row).slice()));
  const found = { heard, rows, units, speaks };
  if (rows.length < 2) return { ...found, centroids: [meanOf(heard, rows, () => 1)] };
  const first = firstClusters(yield* centroidLinkage(units), settings.threshold);
  const voices: Float64Array[] = [];
  for (const row of rows) {
    if (voices.length % WINDOWS_PER_STEP === 0) yield;
    voices.push(toXVectorSpace(space, heard.voice(row)));
  }
  const { responsibilities, priors, speakers } = yield* vbx(voices, space.between, first, settings);
  const centroids: Float64Array[] = [];
  for (let s = 0; s < speakers; s++) {
    if (priors[s]! <= LEAST_PRIOR) continue;
    yield;
    centroids.push(meanOf(heard, rows, (t) => responsibilities[t * speakers + s]!));
  }
  return { ...found, centroids };
}

/** The clusters at the threshold, or at the least above it that leaves few enough. */
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

/** Every local speaker to the centroid of its voice; those of one window to different ones. */
export function assignVoices(voices: Voices): Steps<Assignment> {
  return assign(voices, voices.centroids, true);
}

/** The same with another number of clusters, by k-means; then two of one window may be one speaker, as in the reference. */
export function* assignVoicesToCount(voices: Voices, count: number): Steps<Assignment> {
  const { heard, rows, units } = voices;
  const labels = yield* kMeans(units, Math.min(count, Math.max(1, rows.length)));
  const centroids = Array.from({ length: Math.max(1, countOf(labels)) }, (_, k) =>
    meanOf(heard, rows, (t) => (labels[t] === k ? 1 : 0)),
  );
  return yield* assign(voices, centroids, false);
}

function* assign(
  { heard, speaks }: Voices,
  centroids: readonly Float64Array[],
  constrained: boolean,
): Steps<Assignment> {
  const { windows, slots } = heard;
  const clusterOf = new Int16Array(windows * slots).fill(NOBODY);
  const likeness = new Float32Array(windows * slots);
  const lengths = centroids.map((centroid) => Math.sqrt(centroid.reduce((sum, x) => sum + x * x, 0)));
  const score = new Float64Array(slots * centroids.length);
  for (let window = 0; window < windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    for (let slot = 0; slot < slots; slot++) {
      const row = window * slots + slot;
      centroids.forEach((centroid, k) => {
        // Who says nothing must not take a cluster from anybody: less than every cosine.
        score[slot * centroids.length + k] = speaks[row] ? cosine(heard.voice(row), centroid, lengths[k]!) : -3;
      });
    }
    const clusters = constrained ? assignment(score, slots, centroids.length, { maximize: true }) : undefined;
    for (let slot = 0; slot < slots; slot++) {
      const row = window * slots + slot;
      const cluster = clusters ? clusters[slot]! : bestOf(score, slot, centroids.length);
      if (!speaks[row] || cluster < 0) continue;
      clusterOf[row] = cluster;
      likeness[row] = score[slot * centroids.length + cluster]!;
    }
  }
  return { centroids, clusterOf, likeness };
}

function meanOf(heard: HeardWindows, rows: Int32Array, weightOf: (at: number) => number): Float64Array {
  const first = heard.voice(rows[0] ?? 0);
  const sum = new Float64Array(first.length);
  let total = 0;
  rows.forEach((row, t) => {
    const weight = weightOf(t);
    if (weight === 0) return;
    total += weight;
    const voice = heard.voice(row);
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
