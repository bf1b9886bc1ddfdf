import type { SpeakerModel } from '../stages/plda.ts';
import type { Steps } from '../stages/steps.ts';
import { accumulate } from '../stages/vectors.ts';
import { condense, type Reclustering, reclusterStretches } from './recluster-stretches.ts';
import { likeness, type Stretch, type Voice, type VoiceRules, voiceOf } from './stretch.ts';
import type { LiveTurn } from './turn-builder.ts';
import { whoSaid } from './turn-speaker.ts';

/** Seconds that the first words of a new speaker count at most. */
const SEED_SECONDS = 0.5;
/** Stretches that are kept; then those of one speaker that sound most alike become one, down to the half. */
const MOST_STRETCHES = 256;

/** The voices of a session: what is remembered is bounded, however long it lasts. */
export class VoiceMemory {
  readonly #rules: VoiceRules;
  #stretches: Stretch[] = [];
  /** First words of new speakers, known before they are settled: they count until as much is. */
  readonly #seeds = new Map<number, Stretch>();
  readonly #voices = new Map<number, Voice>();

  constructor(rules: VoiceRules) {
    this.#rules = rules;
  }

  /** Stretches that are remembered. */
  get size(): number {
    return this.#stretches.length;
  }

  /** Speakers that have a voice, in order. */
  get speakers(): readonly number[] {
    const voices = new Set(this.#stretches.map(({ voice }) => voice));
    return [...voices].filter((voice) => voice >= 0).sort((a, b) => a - b);
  }

  /** @param from Numbers of an embedding. */
  open(speaker: number, from: number): Stretch {
    const sum = new Float32Array(this.#rules.between.length);
    const stretch = { from: 0, to: 0, seconds: 0, sum, raw: new Float32Array(from), speaker, voice: speaker };
    this.#stretches.push(stretch);
    return stretch;
  }

  /** @param from The window's first frame. @param to The frame after its last. @param voice `[to]`. @param embedding `[from]`. */
  extend(
    stretch: Stretch,
    { from, to, seconds }: Pick<Stretch, 'from' | 'to' | 'seconds'>,
    voice: Float32Array,
    embedding: Float32Array,
  ): void {
    if (stretch.to === 0) stretch.from = from;
    stretch.to = to;
    stretch.seconds += seconds;
    accumulate(stretch.sum, voice, seconds);
    accumulate(stretch.raw, embedding, seconds);
    this.#voices.delete(stretch.voice);
    const seed = this.#seeds.get(stretch.speaker);
    if (seed && stretch.seconds >= seed.seconds) this.#forgetSeed(stretch.speaker);
  }

  /** A new speaker: what was heard of it and is not settled. @param sum As a stretch's. */
  seed(speaker: number, seconds: number, sum: Float32Array): void {
    const seed = this.open(speaker, 0);
    seed.seconds = Math.min(seconds, SEED_SECONDS);
    accumulate(seed.sum, sum, seed.seconds / seconds);
    this.#seeds.set(speaker, seed);
  }

  #forgetSeed(speaker: number): void {
    const seed = this.#seeds.get(speaker);
    if (!seed) return;
    this.#seeds.delete(speaker);
    this.#stretches = this.#stretches.filter((stretch) => stretch !== seed);
    this.#voices.delete(seed.voice);
  }

  /** A speaker's voice as far as it is known. */
  model(speaker: number): SpeakerModel {
    return this.#voice(speaker).model;
  }

  /**
   * Whether some speech is somebody else than a speaker: it would not be clustered with what is known of them, though
   * there is enough of both to tell. @param sum As a stretch's.
   */
  differs(speaker: number, seconds: number, sum: Float32Array): boolean {
    return likeness(this.#voice(speaker), voiceOf([{ seconds, sum }], this.#rules), this.#rules).differ;
  }

  /** What was heard of a turn: the stretches of its speaker most of which lies in it. Frames `[start, end)`. */
  saidIn({ speaker, start, end }: Pick<LiveTurn, 'speaker' | 'start' | 'end'>): Stretch[] {
    return this.#stretches.filter((stretch) => {
      const common = Math.min(stretch.to, end) - Math.max(stretch.from, start);
      return stretch.speaker === speaker && common > (stretch.to - stretch.from) / 2;
    });
  }

  /** See `whoSaid`. @param said Of `saidIn`. */
  whoSaid(said: readonly Stretch[], told: number): number | undefined {
    return whoSaid(said, this.#stretches, told, this.#rules);
  }

  /** Sum of some stretches' embeddings, less the mean of all voices, and the seconds that it is made of. `[from]`. */
  embedding(of: (stretch: Stretch) => boolean, mean: Float32Array): { seconds: number; sum: Float32Array } {
    const sum = new Float32Array(mean.length);
    let seconds = 0;
    for (const stretch of this.#stretches) {
      if (stretch.raw.length === 0 || !of(stretch)) continue;
      seconds += stretch.seconds;
      accumulate(sum, stretch.raw, 1);
    }
    accumulate(sum, mean, -seconds);
    return { seconds, sum };
  }

  /** All that `from` was is `into` now. */
  merge(from: number, into: number): void {
    this.#forgetSeed(from);
    for (const stretch of this.#stretches) {
      if (stretch.speaker === from) stretch.speaker = into;
      if (stretch.voice === from) stretch.voice = into;
    }
    this.#voices.clear();
  }

  /** Some stretches are a speaker's voice from now on. @param isTold They are told to be that speaker's, too. */
  give(stretches: readonly Stretch[], voice: number, isTold = false): void {
    for (const stretch of stretches) {
      stretch.voice = voice;
      if (isTold) stretch.speaker = voice;
    }
    this.#voices.clear();
  }

  /** See `reclusterStretches`. @param young Speakers that are too new to be judged: they keep their voice. */
  recluster(young: (speaker: number) => boolean): Steps<Reclustering> {
    for (const speaker of [...this.#seeds.keys()]) if (!young(speaker)) this.#forgetSeed(speaker);
    this.#voices.clear();
    return reclusterStretches(
      this.#stretches.filter(({ speaker }) => !young(speaker)),
      this.#rules,
    );
  }

  /** Keeps the memory bounded. */
  *compact(): Steps<void> {
    if (this.#stretches.length < MOST_STRETCHES) return;
    for (const speaker of [...this.#seeds.keys()]) this.#forgetSeed(speaker);
    const groups = yield* condense(this.#stretches, this.#rules, MOST_STRETCHES / 2);
    this.#stretches = groups.map(([first, ...others]) => {
      const kept = first as Stretch;
      for (const stretch of others) {
        kept.from = Math.min(kept.from, stretch.from);
        kept.to = Math.max(kept.to, stretch.to);
        kept.seconds += stretch.seconds;
        accumulate(kept.sum, stretch.sum, 1);
        accumulate(kept.raw, stretch.raw, 1);
      }
      return kept;
    });
    this.#voices.clear();
  }

  #voice(speaker: number): Voice {
    let voice = this.#voices.get(speaker);
    if (!voice) {
      voice = voiceOf(
        this.#stretches.filter((stretch) => stretch.voice === speaker),
        this.#rules,
      );
      this.#voices.set(speaker, voice);
    }
    return voice;
  }
}
