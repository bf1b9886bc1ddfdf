import { agglomerateSteps, clustersLeft, cut, type Points } from '../stages/ahc.ts';
import { assignment } from '../stages/hungarian.ts';
import { logLikelihood, type SpeakerModel } from '../stages/plda.ts';
import type { Steps } from '../stages/steps.ts';
import { type Stretch, secondsOf, type VoiceRules, voiceOf } from './stretch.ts';

/** Factor on the minimum speech of a speaker in a recording: a new speaker in a session has not said everything yet. */
const SPEAKER_SHARE = 0.75;
/** Share of a speaker's speech that must be in another speaker's cluster for the two to be merged. */
const MERGE_SHARE = 0.7;

/** Result of re-clustering the remembered speech during a session. */
export interface Reclustering {
  /** Pairs of speakers that are one: `[from, into]`. */
  readonly merged: readonly (readonly [number, number])[];
  /** Clusters without a speaker, longest first: voices that were mistaken for other speakers. */
  readonly unmatched: readonly (readonly Stretch[])[];
}

/**
 * Clusters stretches like the tracks of a recording, and assigns each cluster to the speaker with which it shares most
 * speech: the `voice` of its stretches becomes that speaker.
 */
export function* reclusterStretches(stretches: readonly Stretch[], rules: VoiceRules): Steps<Reclustering> {
  const clusters = yield* cluster(stretches, rules);
  const { speakers, shared, owners } = ownersOf(clusters);
  /** For each cluster, the speakers that it belongs to. */
  const joined = owners.map((owner) => (owner < 0 ? [] : [owner]));
  speakers.forEach((speaker, k) => {
    if (owners.includes(speaker)) return;
    const column = clusters.map((_, c) => shared[c * speakers.length + k]!);
    const most = indexOfMost(column);
    const share = column[most]! / column.reduce((sum, value) => sum + value, 0);
    if (owners[most]! >= 0 && share >= MERGE_SHARE) joined[most]!.push(speaker);
  });
  const emittedSeconds = (speaker: number) => secondsOf(stretches.filter((stretch) => stretch.speaker === speaker));
  clusters.forEach((members, c) => {
    // Keep the label with most speech, so that as little as possible is renamed.
    const [into] = [...joined[c]!].sort((a, b) => emittedSeconds(b) - emittedSeconds(a) || a - b);
    if (into !== undefined) owners[c] = into;
    for (const member of members) member.voice = owners[c]!;
  });
  const merged = joined.flatMap((labels, c) => {
    const into = owners[c]!;
    return labels.filter((label) => label !== into).map((from): [number, number] => [from, into]);
  });
  return { merged, unmatched: clusters.filter((_, c) => owners[c] === -1) };
}

/** Groups the most similar stretches of each speaker until `count` groups are left, to bound memory. */
export function* condense(
  stretches: readonly Stretch[],
  { between, cluster }: VoiceRules,
  count: number,
): Steps<Stretch[][]> {
  const apart = (i: number, j: number) => {
    const [a, b] = [stretches[i]!, stretches[j]!];
    return a.speaker === b.speaker && a.voice === b.voice ? 0 : NEVER;
  };
  const tree = yield* agglomerateSteps(pointsOf(stretches, cluster.rate), between, apart, cluster.saturation);
  return grouped(stretches, cut(tree, count));
}

/** Larger than any evidence, to prevent merges. */
const NEVER = 1e6;

/** Clusters the stretches. Each stretch then goes to the likeliest of the large clusters; longest first. */
function* cluster(stretches: readonly Stretch[], rules: VoiceRules): Steps<Stretch[][]> {
  const { between, cluster: own } = rules;
  const points = stretches.filter(({ seconds }) => seconds >= own.shortestTrack);
  if (points.length === 0) return [];
  const tree = yield* agglomerateSteps(pointsOf(points, own.rate), between, undefined, own.saturation);
  const least = Math.max(SPEAKER_SHARE * own.shortestSpeaker, own.leastShare * secondsOf(points));
  const groups = grouped(points, cut(tree, clustersLeft(tree, own.evidence)));
  groups.sort((a, b) => secondsOf(b) - secondsOf(a));
  const speakers = groups.filter((members, i) => i === 0 || secondsOf(members) >= least);
  const models = speakers.map((members) => voiceOf(members, rules).model);
  const next: Stretch[][] = speakers.map(() => []);
  for (const stretch of stretches) {
    yield;
    next[indexOfMost(likelihoods(models, stretch))]!.push(stretch);
  }
  return next.filter((members) => members.length > 0);
}

/** The stretches of each label, in order of labels. */
function grouped(stretches: readonly Stretch[], labels: Int32Array): Stretch[][] {
  const groups: Stretch[][] = [];
  stretches.forEach((stretch, i) => {
    const label = labels[i]!;
    groups[label] ??= [];
    groups[label].push(stretch);
  });
  return groups;
}

function likelihoods(models: readonly SpeakerModel[], { seconds, sum }: Stretch): number[] {
  const voice = sum.map((x) => x / Math.max(seconds, 1e-6));
  return models.map((model) => logLikelihood(model, voice));
}

function pointsOf(stretches: readonly Stretch[], rate: number): Points {
  return {
    weight: Float64Array.from(stretches, ({ seconds }) => Math.max(seconds, 1e-3) * rate),
    sum: stretches.map(({ sum }) => sum.map((x) => x * rate)),
  };
}

/** Matches clusters and live speakers one to one so that most speech keeps its speaker; −1 for none. */
function ownersOf(clusters: readonly (readonly Stretch[])[]) {
  const emitted = clusters.flatMap((members) => members.map(({ speaker }) => speaker));
  const speakers = [...new Set(emitted)].sort((a, b) => a - b);
  /** `[clusters, speakers]`: seconds. */
  const shared = new Float64Array(clusters.length * speakers.length);
  clusters.forEach((members, c) => {
    for (const { speaker, seconds } of members) {
      const at = c * speakers.length + speakers.indexOf(speaker);
      shared[at]! += seconds;
    }
  });
  const pairs = assignment(shared, clusters.length, speakers.length, { maximize: true });
  const owners = Array.from(pairs, (pair, c) =>
    pair >= 0 && shared[c * speakers.length + pair]! > 0 ? speakers[pair]! : -1,
  );
  return { speakers, shared, owners };
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}

/**
 * Seconds for which every re-clustering must join two speakers before they are merged. Merging at once renames more
 * than 2 % of the emitted speech; waiting for 50 s doubles the number of excess labels in two-speaker calls.
 */
const CONFIRM = 16;

/** Pairs of speakers that seem to be one. A pair is confirmed once all re-clusterings have found it for long enough. */
export class MergeCandidates {
  /** Time in seconds at which each pair was first found. */
  #since = new Map<string, number>();

  /**
   * @param merged Pairs found by the latest re-clustering, `[from, into]`. @param now Seconds.
   * @returns The confirmed pairs.
   */
  confirmed(merged: readonly (readonly [number, number])[], now: number): (readonly [number, number])[] {
    this.#since = new Map(merged.map((pair) => [`${pair}`, this.#since.get(`${pair}`) ?? now]));
    return merged.filter((pair) => now - this.#since.get(`${pair}`)! >= CONFIRM);
  }
}
