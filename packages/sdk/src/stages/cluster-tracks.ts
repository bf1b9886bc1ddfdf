import { agglomerateSteps, clustersLeft, cut, type Points, type Tree } from './ahc.ts';
import type { ClusterSettings } from './settings.ts';
import type { Steps } from './steps.ts';
import type { Tracks } from './tracks.ts';
import { accumulate } from './vectors.ts';

/** Maximum points of one clustering, whose matrix has `n²` float32 numbers (4 MB). More are first merged in blocks. */
const MOST_POINTS = 1000;
/** Consecutive points per block. A block's cost grows with its square, so the total cost grows with the length. */
const BLOCK = 128;
/** How many more clusters than wanted the tree may be cut into, to find enough that are more than a stray track. */
const MOST_SMALL_CLUSTERS = 60;

export type TrackSums = Pick<Tracks, 'seconds' | 'sum'>;

/** A clustering of tracks, which can be cut into any number of clusters. */
interface TrackTree {
  readonly tree: Tree;
  /** The leaves of the tree: tracks, or what is left of them after merging in blocks. */
  readonly points: Points;
  /** Minimum weight of a cluster that is a speaker. */
  readonly least: number;
}

/** Total weight and sum of a cluster's points. */
export interface Cluster {
  readonly weight: number;
  readonly sum: Float32Array;
}

/** Clusters tracks by evidence. */
export function* clusterTracks(tracks: TrackSums, settings: ClusterSettings): Steps<TrackTree> {
  const { cluster, voices } = settings;
  const scale = scaleOf(settings, tracks.seconds);
  const points = yield* inBlocks(trackPoints(tracks, cluster.shortestTrack, cluster.rate), settings);
  const tree = yield* agglomerateSteps(points, voices.between, undefined, cluster.saturation, scale);
  const all = points.weight.reduce((sum, x) => sum + x, 0);
  return { tree, points, least: Math.max(cluster.shortestSpeaker * cluster.rate, cluster.leastShare * all) };
}

/** The clusters that are speakers, longest first, where merging stops for lack of evidence. */
export function largeClusters(clusters: TrackTree, settings: ClusterSettings): Cluster[] {
  const { tree, points, least } = clusters;
  const found = clustersIn(points, cut(tree, clustersLeft(tree, settings.cluster.evidence)));
  return longestFirst(found.filter(({ weight }) => weight >= least));
}

/** The `count` longest clusters of the coarsest cut with that many large ones; the others are stray tracks. */
export function clustersOf(clusters: TrackTree, count: number): Cluster[] {
  const { tree, points, least } = clusters;
  const cutInto = (wanted: number) => longestFirst(clustersIn(points, cut(tree, wanted)));
  const plain = cutInto(Math.min(count, tree.points));
  for (let wanted = count; wanted <= Math.min(tree.points, count + MOST_SMALL_CLUSTERS); wanted++) {
    const found = wanted === count ? plain : cutInto(wanted);
    if (found.filter(({ weight }) => weight >= least).length >= count) return found.slice(0, count);
  }
  return plain.slice(0, count);
}

/** The clusters of a cut, by label. @param labels `[points]`: cluster of each point. */
function clustersIn(points: Points, labels: Int32Array): Cluster[] {
  const clusters: { weight: number; sum: Float32Array }[] = [];
  labels.forEach((label, i) => {
    clusters[label] ??= { weight: 0, sum: new Float32Array(points.sum[i]!.length) };
    const cluster = clusters[label];
    cluster.weight += points.weight[i]!;
    accumulate(cluster.sum, points.sum[i]!, 1);
  });
  return clusters;
}

function longestFirst(clusters: Cluster[]): Cluster[] {
  return clusters.sort((a, b) => b.weight - a.weight);
}

/**
 * Scales down the weight of speech if the recording has more than `horizon` seconds of it, so that it counts as that.
 */
function scaleOf({ cluster }: ClusterSettings, seconds: Float64Array): number {
  const all = seconds.reduce((sum, x) => sum + x, 0);
  return cluster.horizon === undefined || all <= cluster.horizon ? 1 : cluster.horizon / all;
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

/** Halves the points, by merging those of consecutive blocks, until they are few enough for one clustering. */
function* inBlocks(points: Points, { voices, cluster }: ClusterSettings): Steps<Points> {
  let current = points;
  while (current.weight.length > MOST_POINTS) {
    const merged: { weight: number[]; sum: Float32Array[] } = { weight: [], sum: [] };
    for (let from = 0; from < current.weight.length; from += BLOCK) {
      const block = {
        weight: current.weight.slice(from, from + BLOCK),
        sum: current.sum.slice(from, from + BLOCK),
      };
      const tree = yield* agglomerateSteps(block, voices.between, undefined, cluster.saturation);
      for (const { weight, sum } of clustersIn(block, cut(tree, tree.points >> 1))) {
        merged.weight.push(weight);
        merged.sum.push(sum);
      }
    }
    current = { weight: Float64Array.from(merged.weight), sum: merged.sum };
  }
  return current;
}
