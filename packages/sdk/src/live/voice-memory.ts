import type { SpeakerModel } from '../stages/plda.ts';
import type { Steps } from '../stages/steps.ts';
import { accumulate } from '../stages/vectors.ts';
import { condense, type Reclustering, reclusterStretches } from './recluster-stretches.ts';
import { compareVoices, type Stretch, type Voice, type VoiceRules, voiceOf } from './stretch.ts';
import type { LiveTurn } from './turn-builder.ts';
import { turnSpeaker } from './turn-speaker.ts';

/** Maximum weight in seconds of a new speaker's seed. */
const SEED_SECONDS = 0.5;
/** Maximum number of stretches; then the most similar ones of each speaker are merged until half are left. */
const MOST_STRETCHES = 256;

/**
 * Factors on `cluster.rate`: for models of voices and new speakers, and for comparing stretches of different times, whose
 * observations are more independent. Chosen together with `RECLUSTER.every` and `CONFIRM` (`docs/accuracy-trials.md`).
 */
const MODEL_RATE = 0.9;
const STRETCH_RATE = 1.6;

/** The voices of a session, as a bounded number of stretches of speech. */
export class VoiceMemory {
  /** Rules for the models of voices and for new speakers. */
  readonly #rules: VoiceRules;
  /** Rules for clustering stretches, and for comparing finished turns. */
  readonly #stretchRules: VoiceRules;
  #stretches: Stretch[] = [];
  /** Seeds: the first speech of new speakers before it is settled. A seed is dropped once as much speech is settled. */
  readonly #seeds = new Map<number, Stretch>();
  readonly #voices = new Map<number, Voice>();

  constructor({ between, cluster }: VoiceRules) {
    const rules = (factor: number) => ({ between, cluster: { ...cluster, rate: cluster.rate * factor } });
    this.#rules = rules(MODEL_RATE);
    this.#stretchRules = rules(STRETCH_RATE);
  }

  /** Number of stretches. */
  get size(): number {
    return this.#stretches.length;
  }

  /** Speakers that have at least one stretch, in ascending order. */
  get speakers(): readonly number[] {
    const voices = new Set(this.#stretches.map(({ voice }) => voice));
    return [...voices].filter((voice) => voice >= 0).sort((a, b) => a - b);
  }

  /** Adds an empty stretch. @param from Length of an embedding. */
  open(speaker: number, from: number): Stretch {
    const sum = new Float32Array(this.#rules.between.length);
    const stretch = { from: 0, to: 0, seconds: 0, sum, raw: new Float32Array(from), speaker, voice: speaker };
    this.#stretches.push(stretch);
    return stretch;
  }

  /** Adds a window's slot, of the frames `[from, to)`, to a stretch. @param voice `[to]`. @param embedding `[from]`. */
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

  /** Adds a new speaker with its speech so far, which is not settled. @param sum Like `Stretch.sum`. */
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

  /** Model of a speaker's voice. */
  model(speaker: number): SpeakerModel {
    return this.#voice(speaker).model;
  }

  /**
   * Whether some speech is not a speaker's: it would not be clustered with the speaker, although there is enough speech
   * of both to decide. @param sum Like `Stretch.sum`.
   */
  differs(speaker: number, seconds: number, sum: Float32Array): boolean {
    return compareVoices(this.#voice(speaker), voiceOf([{ seconds, sum }], this.#rules), this.#rules).differ;
  }

  /** The stretches of a turn: those of its speaker that lie mostly in the frames `[start, end)`. */
  stretchesOf({ speaker, start, end }: Pick<LiveTurn, 'speaker' | 'start' | 'end'>): Stretch[] {
    return this.#stretches.filter((stretch) => {
      const common = Math.min(stretch.to, end) - Math.max(stretch.from, start);
      return stretch.speaker === speaker && common > (stretch.to - stretch.from) / 2;
    });
  }

  /** See `turnSpeaker` of turn-speaker.ts. @param own Result of `stretchesOf`. */
  turnSpeaker(own: readonly Stretch[], emitted: number): number | undefined {
    return turnSpeaker(own, this.#stretches, emitted, this.#stretchRules);
  }

  /** Sum of the selected stretches' embeddings minus the mean of all embeddings, `[from]`, and their total seconds. */
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

  /** Moves all stretches of `from` to `into`. */
  merge(from: number, into: number): void {
    this.#forgetSeed(from);
    for (const stretch of this.#stretches) {
      if (stretch.speaker === from) stretch.speaker = into;
      if (stretch.voice === from) stretch.voice = into;
    }
    this.#voices.clear();
  }

  /** Assigns stretches to a speaker's voice. @param isEmitted Their turn is emitted with that speaker as well. */
  assign(stretches: readonly Stretch[], voice: number, isEmitted = false): void {
    for (const stretch of stretches) {
      stretch.voice = voice;
      if (isEmitted) stretch.speaker = voice;
    }
    this.#voices.clear();
  }

  /** See `reclusterStretches`. @param isNew Whether a speaker is too new: its stretches are not re-clustered. */
  recluster(isNew: (speaker: number) => boolean): Steps<Reclustering> {
    for (const speaker of this.#seeds.keys()) if (!isNew(speaker)) this.#forgetSeed(speaker);
    this.#voices.clear();
    return reclusterStretches(
      this.#stretches.filter(({ speaker }) => !isNew(speaker)),
      this.#stretchRules,
    );
  }

  /** Merges similar stretches if there are too many. */
  *compact(): Steps<void> {
    if (this.#stretches.length < MOST_STRETCHES) return;
    // All that is known of a new speaker may be its seed.
    const seeds = [...this.#seeds.values()];
    const settled = this.#stretches.filter((stretch) => !seeds.includes(stretch));
    const groups = yield* condense(settled, this.#stretchRules, MOST_STRETCHES / 2);
    const kept = groups.map(([first, ...others]) => {
      const one = first!;
      for (const stretch of others) {
        one.from = Math.min(one.from, stretch.from);
        one.to = Math.max(one.to, stretch.to);
        one.seconds += stretch.seconds;
        accumulate(one.sum, stretch.sum, 1);
        accumulate(one.raw, stretch.raw, 1);
      }
      return one;
    });
    this.#stretches = [...kept, ...seeds];
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
