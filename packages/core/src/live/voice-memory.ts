import { agglomerate, clustersAt, cut, type Points } from '../cluster/agglomerate.ts';
import { assignment } from '../cluster/assignment.ts';
import { accumulate } from '../cluster/vectors.ts';
import { evidence, logLikelihood, type SpeakerModel, speakerModel } from '../cluster/voice-space.ts';

/** A stretch of one voice: what is remembered of speech. */
export interface Stretch {
  /** Seconds of clean speech. */
  seconds: number;
  /** `[to]`: sum of its slots' voices, weighted by their seconds. */
  readonly sum: Float32Array;
  /** `[from]`: the same of their embeddings. */
  readonly raw: Float32Array;
  /** Whom it was told to be. */
  speaker: number;
  /** Whose voice it is thought to be now; −1 for nobody's. Told turns never follow it, what comes does. */
  voice: number;
}

export interface MemoryRules {
  /** Variance of voices in the voice space. */
  readonly between: Float32Array;
  /** Independent observations in a second of speech. */
  readonly rate: number;
  /** Log evidence that a merge of stretches must gain. */
  readonly evidence: number;
  /** Seconds that make a stretch a point of the clustering. */
  readonly shortestTrack: number;
  /** Seconds that make a cluster a speaker. */
  readonly shortestSpeaker: number;
  /** Share of a speaker's speech that must be another's voice for the two to be one. */
  readonly mergeShare: number;
}

/** What the stretches of one voice come to. */
interface Voice {
  /** Observations, and their sum. */
  readonly weight: number;
  readonly sum: Float32Array;
  /** Evidence of the voice by itself. */
  readonly own: number;
  readonly model: SpeakerModel;
}

/** Stretches that are kept; then those of one speaker that sound most alike become one, down to the half. */
const MOST_STRETCHES = 256;

/** A clustering of what is remembered. */
export interface Regrouping {
  /** Speakers that turned out to be another one: `[from, into]`. */
  readonly merged: readonly (readonly [number, number])[];
  /** Clusters of nobody, as lists of stretches, longest first: speakers that were mistaken for others. */
  readonly strangers: readonly (readonly Stretch[])[];
}

/** The voices of a session: bounded, however long it lasts. */
export class VoiceMemory {
  readonly #rules: MemoryRules;
  #stretches: Stretch[] = [];
  readonly #voices = new Map<number, Voice>();

  constructor(rules: MemoryRules) {
    this.#rules = rules;
  }

  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  open(speaker: number, from: number): Stretch {
    const stretch: Stretch = {
      seconds: 0,
      sum: new Float32Array(this.#rules.between.length),
      raw: new Float32Array(from),
      speaker,
      voice: speaker,
    };
    this.#stretches.push(stretch);
    return stretch;
  }

  extend(stretch: Stretch, seconds: number, voice: Float32Array, embedding: Float32Array): void {
    stretch.seconds += seconds;
    accumulate(stretch.sum, voice, seconds);
    accumulate(stretch.raw, embedding, seconds);
    this.#voices.delete(stretch.voice);
  }

  /** A speaker's voice as far as it is known. */
  model(speaker: number): SpeakerModel {
    return this.#voice(speaker).model;
  }

  /** Log evidence that some speech is a speaker's, against its being somebody else's. @param sum As a stretch's. */
  gain(speaker: number, seconds: number, sum: Float32Array): number {
    const { between, rate } = this.#rules;
    const voice = this.#voice(speaker);
    const n = seconds * rate;
    const scaled = sum.map((x) => x * rate);
    return (
      evidence(between, voice.weight + n, voice.sum, scaled) - voice.own - evidence(between, n, scaled, undefined)
    );
  }

  #voice(speaker: number): Voice {
    let voice = this.#voices.get(speaker);
    if (!voice) {
      voice = this.#learn(speaker);
      this.#voices.set(speaker, voice);
    }
    return voice;
  }

  #learn(speaker: number): Voice {
    const { between, rate } = this.#rules;
    const sum = new Float32Array(between.length);
    let weight = 0;
    for (const stretch of this.#stretches) {
      if (stretch.voice !== speaker) continue;
      weight += stretch.seconds * rate;
      accumulate(sum, stretch.sum, rate);
    }
    return { weight, sum, own: evidence(between, weight, sum, undefined), model: speakerModel(between, weight, sum) };
  }

  /** Sum of some stretches' embeddings, less the mean of all voices, and the seconds that it is made of. `[from]`. */
  embedding(of: (stretch: Stretch) => boolean, mean: Float32Array): { seconds: number; sum: Float32Array } {
    const sum = new Float32Array(mean.length);
    let seconds = 0;
    for (const stretch of this.#stretches) {
      if (!of(stretch)) continue;
      seconds += stretch.seconds;
      accumulate(sum, stretch.raw, 1);
    }
    accumulate(sum, mean, -seconds);
    return { seconds, sum };
  }

  merge(from: number, into: number): void {
    for (const stretch of this.#stretches) {
      if (stretch.speaker === from) stretch.speaker = into;
      if (stretch.voice === from) stretch.voice = into;
    }
    this.#voices.clear();
  }

  give(stretches: readonly Stretch[], voice: number): void {
    for (const stretch of stretches) stretch.voice = voice;
    this.#voices.clear();
  }

  /**
   * Clusters what is remembered as a recording's tracks are, and names the clusters after the speakers that they share
   * most speech with. Stretches that landed in another's cluster count as its voice from now on.
   */
  regroup(mayMerge: (from: number, into: number) => boolean): Regrouping {
    const { between, shortestTrack, shortestSpeaker, mergeShare } = this.#rules;
    const points = this.#stretches.filter((stretch) => stretch.seconds >= shortestTrack);
    if (points.length < 2) return { merged: [], strangers: [] };
    const tree = agglomerate(this.#points(points), between);
    const clusters = clustersAt(tree, this.#rules.evidence);
    const labels = cut(tree, clusters);
    const speakers = [...new Set(points.map((point) => point.speaker))].sort((a, b) => a - b);
    const shared = new Float64Array(clusters * speakers.length);
    const totals = new Float64Array(clusters);
    points.forEach((point, i) => {
      const label = labels[i] as number;
      const at = label * speakers.length + speakers.indexOf(point.speaker);
      shared[at] = (shared[at] as number) + point.seconds;
      totals[label] = (totals[label] as number) + point.seconds;
    });
    const pairs = assignment(shared, clusters, speakers.length, { maximize: true });
    const owner = Array.from(pairs, (pair, c) =>
      pair >= 0 && (shared[c * speakers.length + pair] as number) > 0 ? (speakers[pair] as number) : -1,
    );
    const merged: [number, number][] = [];
    speakers.forEach((speaker, k) => {
      if (owner.includes(speaker)) return;
      const column = Array.from({ length: clusters }, (_, c) => shared[c * speakers.length + k] as number);
      const most = column.reduce((best, value, c) => (value > (column[best] as number) ? c : best), 0);
      const share = (column[most] as number) / column.reduce((sum, value) => sum + value, 0);
      const into = owner[most] as number;
      if (into >= 0 && share >= mergeShare && mayMerge(speaker, into)) merged.push([speaker, into]);
    });
    const strangers: Stretch[][] = [];
    for (let c = 0; c < clusters; c++) {
      const members = points.filter((_, i) => labels[i] === c);
      const voice = owner[c] as number;
      if (voice >= 0) for (const member of members) member.voice = voice;
      else if ((totals[c] as number) >= shortestSpeaker) strangers.push(members);
    }
    // A speaker without a cluster keeps what it was told to have said.
    const homeless = speakers.filter(
      (speaker) => !owner.includes(speaker) && !merged.some(([from]) => from === speaker),
    );
    for (const point of points) if (homeless.includes(point.speaker)) point.voice = point.speaker;
    this.#voices.clear();
    return { merged, strangers };
  }

  /**
   * Clusters what is remembered once more, as a recording would be, whatever was told.
   * @param most Speakers at most. @returns For each stretch its speaker; numbers of told speakers where they share most.
   */
  recluster(most: number | undefined): Map<Stretch, number> {
    const { between, rate, shortestTrack, shortestSpeaker } = this.#rules;
    const result = new Map<Stretch, number>();
    const points = this.#stretches.filter((stretch) => stretch.seconds >= shortestTrack);
    if (points.length === 0) return result;
    const tree = agglomerate(this.#points(points), between);
    const labels = cut(tree, clustersAt(tree, this.#rules.evidence));
    const totals = new Map<number, { seconds: number; sum: Float32Array; members: Stretch[] }>();
    points.forEach((point, i) => {
      const total = totals.get(labels[i] as number) ?? {
        seconds: 0,
        sum: new Float32Array(between.length),
        members: [],
      };
      totals.set(labels[i] as number, total);
      total.seconds += point.seconds;
      total.members.push(point);
      accumulate(total.sum, point.sum, rate);
    });
    const large = [...totals.values()].sort((a, b) => b.seconds - a.seconds);
    const kept = large.filter(({ seconds }, i) => i === 0 || seconds >= shortestSpeaker).slice(0, most);
    const models = kept.map(({ seconds, sum }) => speakerModel(between, seconds * rate, sum));
    // Every stretch goes to the voice that it is likeliest to be.
    const nearest = this.#stretches.map((stretch) => {
      const voice = stretch.sum.map((x) => x / Math.max(stretch.seconds, 1e-6));
      const scores = models.map((model) => logLikelihood(model, voice));
      return scores.reduce((best, score, k) => (score > (scores[best] as number) ? k : best), 0);
    });
    const told = [...new Set(this.#stretches.map((stretch) => stretch.speaker))].sort((a, b) => a - b);
    const shared = new Float64Array(kept.length * told.length);
    this.#stretches.forEach((stretch, i) => {
      const at = (nearest[i] as number) * told.length + told.indexOf(stretch.speaker);
      shared[at] = (shared[at] as number) + stretch.seconds;
    });
    const owners = assignment(shared, kept.length, told.length, { maximize: true });
    let fresh = Math.max(...told) + 1;
    const numbers = Array.from(owners, (owner, c) =>
      owner >= 0 && (shared[c * told.length + owner] as number) > 0 ? (told[owner] as number) : fresh++,
    );
    this.#stretches.forEach((stretch, i) => {
      result.set(stretch, numbers[nearest[i] as number] as number);
    });
    return result;
  }

  #points(stretches: readonly Stretch[]): Points {
    const { rate } = this.#rules;
    return {
      weight: Float64Array.from(stretches, ({ seconds }) => Math.max(seconds, 1e-3) * rate),
      sum: stretches.map(({ sum }) => sum.map((x) => x * rate)),
    };
  }

  /** Keeps the memory bounded. @returns What became of stretches that are no longer there. */
  compact(): Map<Stretch, Stretch> {
    const became = new Map<Stretch, Stretch>();
    if (this.#stretches.length < MOST_STRETCHES) return became;
    const points = this.#stretches;
    const tree = agglomerate(this.#points(points), this.#rules.between, (i, j) =>
      points[i]?.speaker === points[j]?.speaker && points[i]?.voice === points[j]?.voice ? 0 : 1e6,
    );
    const labels = cut(tree, MOST_STRETCHES / 2);
    const kept = new Map<number, Stretch>();
    points.forEach((point, i) => {
      const first = kept.get(labels[i] as number);
      if (!first) {
        kept.set(labels[i] as number, point);
        return;
      }
      first.seconds += point.seconds;
      accumulate(first.sum, point.sum, 1);
      accumulate(first.raw, point.raw, 1);
      became.set(point, first);
    });
    this.#stretches = [...kept.values()];
    this.#voices.clear();
    return became;
  }
}
