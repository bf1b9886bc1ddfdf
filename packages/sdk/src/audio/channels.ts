import type { AudioSource } from '../contract/audio.ts';
import { invalidOption } from '../contract/errors.ts';
import type { Warning } from '../contract/warnings.ts';
import { windowsOf } from './correlation.ts';
import { mixPlanar } from './mix.ts';
import { derived, warnOnce } from './pipes.ts';

/** A source with separate channels. */
type ChannelSource = AudioSource & Required<Pick<AudioSource, 'channels' | 'readChannels'>>;

/** Whether a source has channels to choose from. */
function hasChannels(source: AudioSource): source is ChannelSource {
  return (source.channels ?? 1) > 1 && source.readChannels !== undefined;
}

/** Channels cancel each other if their mix has less than this share of the power expected for unrelated channels. */
const CANCELS = 0.25;
/** A channel may be an echo of another if it is this factor quieter, in power (6 dB). */
const QUIETER = 4;
/** Such a channel is an echo if its correlation with the louder one is above this, at a delay of up to so many seconds. */
const ECHO = { correlation: 0.65, seconds: 0.025 };
/** A channel is alone in a window if it is this factor louder than the other, in power (10 dB). */
const ALONE = 10;
/** Channels with a correlation up to this have different voices. Two microphones record one voice up to 1 ms apart. */
const DIFFERENT = { correlation: 0.5, seconds: 0.001 };
/** Windows with less than this share of the loudest window's power are ignored (-30 dB). */
const ACTIVE = 1e-3;
/** Channels with a correlation above this, at the same level, have the same content. */
const SAME = 0.95;
/** Minimum share (`MOST`) and number (`FEWEST`) of active windows for a warning about the whole recording. */
const MOST = 0.8;
const FEWEST = 10;
/** Maximum number of channels that are compared before mixing: for more, this would cost more than everything else. */
const MOST_COMPARED = 8;
/** The same limit on sample rate × channels: 8 channels at 96 kHz. */
const MOST_COMPARED_SAMPLES = 800_000;
/** Maximum number of channels that are diarized separately: each costs as much as a recording. */
const MOST_SEPARATE = 16;
/** Seconds of a fade-out or fade-in of a channel. */
const FADE_SECONDS = 0.005;

/** One channel of a source, as mono. @param number From 1. @throws `invalid-option` if there is no such channel. */
export function channelOf(source: AudioSource, number: number): AudioSource {
  const count = source.channels ?? 1;
  if (number > count) {
    throw invalidOption(
      `channels is ${number}, but the audio has ${count === 1 ? 'one channel' : `${count} channels`}`,
      `use a number from 1 to ${count}, "mix" or "separate"`,
    );
  }
  if (!hasChannels(source)) return source;
  return derived(source, { read: async () => (await source.readChannels())?.[number - 1] ?? null });
}

/**
 * The mean of a source's channels, as mono. Where the channels cancel each other (one is the other inverted, as from a
 * wrongly wired balanced line), the loudest channel is used instead, with a warning. Also warns if each of two channels
 * has its own voice. More than eight channels are mixed without these checks.
 */
export function mixed(source: AudioSource): AudioSource {
  if (!hasChannels(source) || source.channels > MOST_COMPARED) return source;
  if (source.channels * source.sampleRate > MOST_COMPARED_SAMPLES) return source;
  const own: Warning[] = [];
  let out = new Float32Array(0);
  const apart = new ApartCounter();
  return derived(source, {
    warnings: own,
    async read() {
      const channels = await source.readChannels();
      const length = channels?.[0]?.length ?? 0;
      if (channels === null || length === 0) {
        if (apart.result) {
          warnOnce(own, 'channels-mixed', 'the channels have different voices, and were mixed (try "separate")');
        }
        return null;
      }
      if (out.length < length) out = new Float32Array(length);
      const mix = out.subarray(0, length);
      mixPlanar(channels, mix);
      const powers = channels.map(power);
      const total = powers.reduce((sum, one) => sum + one, 0);
      if (power(mix) < (CANCELS * total) / channels.length ** 2) {
        mix.set(channels[powers.indexOf(Math.max(...powers))]!);
        warnOnce(own, 'channels-inverted', 'the channels cancel each other; the loudest was used instead of their mix');
      }
      if (channels.length === 2) apart.add(channels, source.sampleRate);
      return mix;
    },
  });
}

/** Counts the windows in which two channels have different voices. */
class ApartCounter {
  #peak = 0;
  #active = 0;
  #apart = 0;
  readonly #own = [0, 0];

  add(channels: readonly Float32Array[], rate: number): void {
    for (const { power: powers, loudest, correlation } of windowsOf(channels, rate)) {
      const loud = powers[loudest]!;
      const quiet = powers[1 - loudest]!;
      this.#peak = Math.max(this.#peak, loud);
      if (loud <= ACTIVE * this.#peak) continue;
      this.#active++;
      const alone = loud > ALONE * quiet;
      if (!alone && correlation(0, 1, DIFFERENT.seconds) > DIFFERENT.correlation) continue;
      this.#apart++;
      this.#own[loudest]! += 1;
      if (!alone) this.#own[1 - loudest]! += 1;
    }
  }

  /** Whether the channels have different voices in most of the recording, and each channel has some speech. */
  get result(): boolean {
    const each = Math.min(...this.#own);
    return this.#active >= FEWEST && this.#apart >= MOST * this.#active && each >= FEWEST / 2;
  }
}

/**
 * Each channel of a source as a separate source. No channel can be more than a block ahead of the others, so all of
 * them must be read (or closed) in parallel. Cross-talk from a louder channel is silenced.
 * @throws `invalid-option` for more than `MOST_SEPARATE` channels.
 */
export function separated(source: AudioSource): AudioSource[] {
  if (!hasChannels(source)) return [source];
  if (source.channels > MOST_SEPARATE) {
    throw invalidOption(
      `channels is "separate", but the audio has ${source.channels} channels; up to ${MOST_SEPARATE} can be separated`,
      'use "mix", or the number of a channel',
    );
  }
  const own: Warning[] = [];
  const gate = new CrosstalkGate(source, own);
  const steps = new Lockstep(source.channels, () => gate.read());
  let open = source.channels;
  return Array.from({ length: source.channels }, (_, i) => {
    let closed = false;
    // The file's warnings apply to all channels: report them once.
    return derived(source, {
      warnings: i === 0 ? own : null,
      read: async () => (closed ? null : ((await steps.next(i))?.[i] ?? null)),
      async close() {
        if (closed) return;
        closed = true;
        steps.leave(i);
        if (--open === 0) await source.close();
      },
    });
  });
}

/** Silences cross-talk: parts of a channel that are an echo of a louder channel. */
class CrosstalkGate {
  readonly #source: ChannelSource;
  readonly #warnings: Warning[];
  #out: Float32Array[] = [];
  readonly #gains: number[];
  #active = 0;
  #same = 0;

  constructor(source: ChannelSource, warnings: Warning[]) {
    this.#source = source;
    this.#warnings = warnings;
    this.#gains = Array.from({ length: source.channels }, () => 1);
  }

  async read(): Promise<readonly Float32Array[] | null> {
    const channels = await this.#source.readChannels();
    const length = channels?.[0]?.length ?? 0;
    if (channels === null || length === 0) {
      if (this.#active >= FEWEST && this.#same >= MOST * this.#active) {
        warnOnce(
          this.#warnings,
          'channels-alike',
          'the channels have the same content: each voice is found once per channel (use "mix")',
        );
      }
      return null;
    }
    if ((this.#out[0]?.length ?? 0) < length) this.#out = channels.map(() => new Float32Array(length));
    const out = this.#out.map((samples, i) => {
      const part = samples.subarray(0, length);
      part.set(channels[i]!);
      return part;
    });
    for (const window of windowsOf(channels, this.#source.sampleRate)) {
      const { power: powers, loudest, correlation } = window;
      const loud = powers[loudest]!;
      if (loud === 0) continue;
      this.#active++;
      let same = channels.length - 1;
      for (const [i, quiet] of powers.entries()) {
        const echo =
          i !== loudest && quiet * QUIETER < loud && correlation(i, loudest, ECHO.seconds) > ECHO.correlation;
        this.#fade(out, i, echo ? 0 : 1, window);
        if (i !== loudest && quiet * 2 > loud && correlation(i, loudest, DIFFERENT.seconds) > SAME) same--;
      }
      if (same === 0) this.#same++;
    }
    return out;
  }

  #fade(out: readonly Float32Array[], i: number, target: number, { from, to }: { from: number; to: number }): void {
    const samples = out[i]!;
    const step = 1 / (FADE_SECONDS * this.#source.sampleRate);
    let gain = this.#gains[i]!;
    if (gain === 1 && target === 1) return;
    for (let at = from; at < to; at++) {
      gain = gain < target ? Math.min(target, gain + step) : Math.max(target, gain - step);
      samples[at]! *= gain;
    }
    this.#gains[i] = gain;
  }
}

/** Gives each block to every reader before it reads the next one, so that its arrays stay valid until all are done. */
class Lockstep {
  readonly #read: () => Promise<readonly Float32Array[] | null>;
  /** Active readers, and whether each is waiting for the next block. */
  readonly #waiting: Map<number, boolean>;
  #next: { promise: Promise<readonly Float32Array[] | null>; go(): void } | undefined;

  constructor(count: number, read: () => Promise<readonly Float32Array[] | null>) {
    this.#read = read;
    this.#waiting = new Map(Array.from({ length: count }, (_, i) => [i, false]));
  }

  next(reader: number): Promise<readonly Float32Array[] | null> {
    this.#waiting.set(reader, true);
    if (this.#next === undefined) {
      let go = () => {};
      const promise = new Promise<void>((resolve) => {
        go = resolve;
      }).then(() => this.#read());
      this.#next = { promise, go };
    }
    const { promise } = this.#next;
    this.#advance();
    return promise;
  }

  leave(reader: number): void {
    this.#waiting.delete(reader);
    this.#advance();
  }

  #advance(): void {
    if (this.#next === undefined || this.#waiting.size === 0 || [...this.#waiting.values()].includes(false)) return;
    const { go } = this.#next;
    this.#next = undefined;
    for (const reader of this.#waiting.keys()) this.#waiting.set(reader, false);
    go();
  }
}

function power(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! ** 2;
  return sum;
}
