import { assignment } from '../cluster/assignment.ts';
import { averageLinkage, clustersAt, cut, type Dendrogram } from '../cluster/linkage.ts';
import { accumulate, dot, normalise } from '../cluster/vectors.ts';
import type { LocalSpeakers } from './local.ts';
import type { FastCnnSettings } from './settings.ts';

/** Points of one linkage: its matrix is `n²` float32 numbers, 16 MB. Longer recordings are sampled evenly. */
const MOST_POINTS = 2000;
/** Rounds of re-assignment: centroids have settled by then. */
const ROUNDS = 3;

interface Slot {
  readonly window: number;
  readonly slot: number;
  readonly embedding: Float32Array;
  /** Seconds of speech that is not overlapped by the window's other slots. */
  readonly clean: number;
}

/** Who is who: the local speakers of all windows, and the tree of their clusters. */
export interface Grouping {
  /** Clusters when nothing is asked for, ≥ 1 (0 without speech). */
  readonly automatic: number;
  /** The most clusters there can be. */
  readonly most: number;
  /** The partition with a number of clusters in 1 … `most`. */
  partition(count: number): Partition;
}

export interface Partition {
  /** `[speakers]` unit vectors. */
  readonly centroids: readonly Float32Array[];
  /** `[windows, slots]`: speaker of each slot, −1 for nobody. */
  readonly speakerOf: Int16Array;
}

export function group(local: LocalSpeakers, settings: FastCnnSettings, frameSeconds: number): Grouping {
  const slots = speakingSlots(local, settings, frameSeconds);
  const points = clusterPoints(slots, settings.cluster.clean);
  const tree = linkage(points);
  return {
    automatic: slots.length === 0 ? 0 : speakersAt(tree, points, settings),
    most: points.length,
    partition: (count) => partition(local, slots, points, tree, count),
  };
}

function speakingSlots(local: LocalSpeakers, settings: FastCnnSettings, frameSeconds: number): Slot[] {
  const found: Slot[] = [];
  for (let window = 0; window < local.windows; window++) {
    const activity = local.activity(window);
    for (let slot = 0; slot < local.slots; slot++) {
      const embedding = local.embedding(window, slot);
      if (!embedding) continue;
      const clean = cleanFrames(activity, local.slots, slot, settings.activity.on) * frameSeconds;
      found.push({ window, slot, embedding, clean });
    }
  }
  return found;
}

/** Frames (each counted by its probability) in which no other slot speaks. */
function cleanFrames(activity: Float32Array, slots: number, slot: number, on: number): number {
  let sum = 0;
  for (let at = 0; at < activity.length; at += slots) {
    let alone = true;
    for (let other = 0; other < slots; other++) {
      if (other !== slot && (activity[at + other] as number) > on) alone = false;
    }
    if (alone) sum += activity[at + slot] as number;
  }
  return sum;
}

/** Long and clean slots first; all of them where there are none; at most `MOST_POINTS`, evenly over the recording. */
function clusterPoints(slots: readonly Slot[], clean: number): readonly Slot[] {
  const long = slots.filter((slot) => slot.clean >= clean);
  const points = long.length >= 2 ? long : slots;
  if (points.length <= MOST_POINTS) return points;
  return points.filter(
    (_, i) => Math.floor((i * MOST_POINTS) / points.length) !== Math.floor(((i - 1) * MOST_POINTS) / points.length),
  );
}

function linkage(points: readonly Slot[]): Dendrogram {
  const n = points.length;
  const distance = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const d = 1 - dot((points[i] as Slot).embedding, (points[j] as Slot).embedding);
      distance[i * n + j] = d;
      distance[j * n + i] = d;
    }
  }
  return averageLinkage(distance, new Float64Array(n).fill(1));
}

/** Clusters at the threshold that speak long enough, at least one. */
function speakersAt(tree: Dendrogram, points: readonly Slot[], settings: FastCnnSettings): number {
  const labels = cut(tree, clustersAt(tree, settings.cluster.threshold));
  const seconds = new Map<number, number>();
  labels.forEach((label, i) => {
    seconds.set(label, (seconds.get(label) ?? 0) + (points[i] as Slot).clean);
  });
  return Math.max(1, [...seconds.values()].filter((sum) => sum >= settings.cluster.least).length);
}

function partition(
  local: LocalSpeakers,
  slots: readonly Slot[],
  points: readonly Slot[],
  tree: Dendrogram,
  count: number,
): Partition {
  let centroids = largestClusters(points, tree, count);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centroids.map((centroid) => new Float32Array(centroid.length));
    for (const slot of slots) {
      accumulate(sums[nearest(slot.embedding, centroids)] as Float32Array, slot.embedding, slot.clean + 1e-3);
    }
    centroids = sums.map((sum, k) => (dot(sum, sum) > 0 ? normalise(sum) : (centroids[k] as Float32Array)));
  }
  const speakerOf = new Int16Array(local.windows * local.slots).fill(-1);
  for (let window = 0; window < local.windows; window++) assignWindow(local, window, centroids, speakerOf);
  return { centroids, speakerOf };
}

/** Centroids of `count` clusters: the tree is cut deeper until that many are more than a stray point, if ever. */
function largestClusters(points: readonly Slot[], tree: Dendrogram, count: number): Float32Array[] {
  let labels = cut(tree, count);
  let sizes = sizesOf(labels);
  for (let pieces = count; pieces < Math.min(points.length, count + 200); pieces++) {
    labels = cut(tree, pieces);
    sizes = sizesOf(labels);
    if (sizes.filter((size) => size > 4).length >= count) break;
    if (pieces + 1 === Math.min(points.length, count + 200)) labels = cut(tree, count);
  }
  sizes = sizesOf(labels);
  const kept = [...sizes.keys()].sort((a, b) => (sizes[b] as number) - (sizes[a] as number) || a - b).slice(0, count);
  const dimensions = (points[0] as Slot).embedding.length;
  return kept.map((label) => {
    const sum = new Float32Array(dimensions);
    labels.forEach((other, i) => {
      if (other === label) accumulate(sum, (points[i] as Slot).embedding, (points[i] as Slot).clean + 1e-3);
    });
    return normalise(sum);
  });
}

function sizesOf(labels: Int32Array): number[] {
  const sizes: number[] = [];
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

function nearest(x: Float32Array, centroids: readonly Float32Array[]): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  centroids.forEach((centroid, k) => {
    const similarity = dot(x, centroid);
    if (similarity > most) {
      most = similarity;
      best = k;
    }
  });
  return best;
}

/** Slots of one window never share a speaker. */
function assignWindow(
  local: LocalSpeakers,
  window: number,
  centroids: readonly Float32Array[],
  speakerOf: Int16Array,
): void {
  const speaking: number[] = [];
  for (let slot = 0; slot < local.slots; slot++) if (local.embedding(window, slot)) speaking.push(slot);
  if (speaking.length === 0) return;
  const similarity = new Float64Array(speaking.length * centroids.length);
  speaking.forEach((slot, row) => {
    const embedding = local.embedding(window, slot);
    if (!embedding) return;
    centroids.forEach((centroid, k) => {
      similarity[row * centroids.length + k] = dot(embedding, centroid);
    });
  });
  const pairs = assignment(similarity, speaking.length, centroids.length, { maximize: true });
  speaking.forEach((slot, row) => {
    speakerOf[window * local.slots + slot] = pairs[row] ?? -1;
  });
}
