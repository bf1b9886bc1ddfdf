import type { AudioSource } from '../contract/audio.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Warning, WarningCode } from '../contract/warnings.ts';
import { windowsOf } from './likeness.ts';
import { mixPlanar } from './mix.ts';

/** A source that can give its channels apart. */
export type ChannelSource = AudioSource & Required<Pick<AudioSource, 'channels' | 'readChannels'>>;

/** Whether a source has channels to choose from. */
function hasChannels(source: AudioSource): source is ChannelSource {
  return (source.channels ?? 1) > 1 && source.readChannels !== undefined;
}

/** A mix with less than this part of the power that unrelated channels would give is one that cancels itself. */
const CANCELS = 0.25;
/** A channel that is this much quieter than another may be its echo: 6 dB, in power. */
const QUIETER = 4;
/** Such a channel is an echo where it is this much like the louder one, up to so many seconds later. */
const ECHO = { likeness: 0.65, seconds: 0.025 };
/** A channel that is this much louder than the other has a stretch for itself: 10 dB, in power. */
const ALONE = 10;
/** Channels this little alike at the same moment have different voices; microphones apart hear one 1 ms apart. */
const UNLIKE = { likeness: 0.5, seconds: 0.001 };
/** Windows with less than this part of the loudest one's power say nothing: -30 dB. */
const ACTIVE = 1e-3;
/** Channels this much alike, at the same level, are the same. */
const SAME = 0.95;
/** Of the active windows, before something is said of a whole recording. */
const MOST = 0.8;
const FEWEST = 10;
/** Channels that are looked at apart before they are mixed: of more, that would cost more than all the rest. */
const MOST_LOOKED_AT = 8;
/** The same of rate times channels: 8 at 96 kHz. */
const MOST_SAMPLES_LOOKED_AT = 800_000;
/** Channels that become recordings of their own: each costs as much as one. */
const MOST_SEPARATE = 16;
/** Seconds in which a channel is faded out and in. */
const FADE_SECONDS = 0.005;

/** One of a source's channels, as mono. @param number from 1. @throws `invalid-option` where there is no such channel. */
export function channelOf(source: AudioSource, number: number): AudioSource {
  const count = source.channels ?? 1;
  if (number > count) {
    throw new VoiceFlowError(
      'invalid-option',
      `channels is ${number}, but the audio has ${count === 1 ? 'one channel' : `${count} channels`}`,
      { hint: `use a number from 1 to ${count}, "mix" or "separate"` },
    );
  }
  if (!hasChannels(source)) return source;
  return view(source, async () => (await source.readChannels())?.[number - 1] ?? null, []);
}

/**
 * A source's channels mixed by their mean, as mono. Where they cancel each other (one is the other inverted, as a
 * balanced line wrongly wired gives), the loudest is taken; more than eight are mixed as they are. Warns of both, and of
 * two voices that had a channel each.
 */
export function mixed(source: AudioSource): AudioSource {
  if (!hasChannels(source) || source.channels > MOST_LOOKED_AT) return source;
  if (source.channels * source.sampleRate > MOST_SAMPLES_LOOKED_AT) return source;
  const own: Warning[] = [];
  let out = new Float32Array(0);
  const apart = new ApartCounter();
  return view(
    source,
    async () => {
      const channels = await source.readChannels();
      const length = channels?.[0]?.length ?? 0;
      if (channels === null || length === 0) {
        if (apart.result) {
          warnOnce(
            own,
            'channels-mixed',
            'each channel has a voice of its own, and they were mixed',
            ' (try "separate")',
          );
        }
        return null;
      }
      if (out.length < length) out = new Float32Array(length);
      const mix = out.subarray(0, length);
      mixPlanar(channels, 0, length, mix);
      const powers = channels.map(power);
      const total = powers.reduce((sum, one) => sum + one, 0);
      if (power(mix) < (CANCELS * total) / channels.length ** 2) {
        mix.set(channels[powers.indexOf(Math.max(...powers))]!);
        warnOnce(
          own,
          'channels-inverted',
          'the channels cancel each other; the loudest was used in place of their mix',
        );
      }
      if (channels.length === 2) apart.add(channels, source.sampleRate);
      return mix;
    },
    own,
  );
}

/** Counts the stretches in which two channels have different voices. */
class ApartCounter {
  #peak = 0;
  #active = 0;
  #apart = 0;
  readonly #own = [0, 0];

  add(channels: readonly Float32Array[], rate: number): void {
    for (const { power: powers, loudest, likeness } of windowsOf(channels, rate)) {
      const loud = powers[loudest]!;
      const quiet = powers[1 - loudest]!;
      this.#peak = Math.max(this.#peak, loud);
      if (loud <= ACTIVE * this.#peak) continue;
      this.#active++;
      const alone = loud > ALONE * quiet;
      if (!alone && likeness(0, 1, UNLIKE.seconds) > UNLIKE.likeness) continue;
      this.#apart++;
      this.#own[loudest]! += 1;
      if (!alone) this.#own[1 - loudest]! += 1;
    }
  }

  /** Whether that was most of the recording, and each channel had some. */
  get result(): boolean {
    const each = Math.min(...this.#own);
    return this.#active >= FEWEST && this.#apart >= MOST * this.#active && each >= FEWEST / 2;
  }
}

/**
 * A source's channels, each as a source of its own. They are read in step: none can be more than a block ahead, so all
 * of them must be read (or closed) side by side. What a channel has of a louder one (cross-talk) is silenced.
 * @throws `invalid-option` for more than `MOST_SEPARATE`.
 */
export function separated(source: AudioSource): AudioSource[] {
  if (!hasChannels(source)) return [source];
  if (source.channels > MOST_SEPARATE) {
    throw new VoiceFlowError(
      'invalid-option',
      `channels is "separate", but the audio has ${source.channels} channels; up to ${MOST_SEPARATE} can be separated`,
      { hint: 'use "mix", or the number of a channel' },
    );
  }
  const own: Warning[] = [];
  const gate = new CrosstalkGate(source, own);
  const steps = new InStep(source.channels, () => gate.read());
  let open = source.channels;
  return Array.from({ length: source.channels }, (_, i) => {
    let closed = false;
    // The file's warnings are those of all channels: they are told once.
    const one = view(source, async () => (closed ? null : ((await steps.next(i))?.[i] ?? null)), i === 0 ? own : null);
    return {
      ...one,
      get warnings() {
        return one.warnings;
      },
      async close() {
        if (closed) return;
        closed = true;
        steps.leave(i);
        if (--open === 0) await source.close();
      },
    };
  });
}

/** Silences in each channel what is another, louder one. */
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
          'the channels hold the same sound: each voice is found once a channel',
          ' (use "mix")',
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
      const { power: powers, loudest, likeness } = window;
      const loud = powers[loudest]!;
      if (loud === 0) continue;
      this.#active++;
      let same = channels.length - 1;
      for (const [i, quiet] of powers.entries()) {
        const echo = i !== loudest && quiet * QUIETER < loud && likeness(i, loudest, ECHO.seconds) > ECHO.likeness;
        this.#fade(out, i, echo ? 0 : 1, window);
        if (i !== loudest && quiet * 2 > loud && likeness(i, loudest, UNLIKE.seconds) > SAME) same--;
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

/** Hands each block to every reader before the next one is read: its arrays stay valid until all have asked again. */
class InStep {
  readonly #read: () => Promise<readonly Float32Array[] | null>;
  /** Readers that are there, and whether they wait for the next block. */
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
    this.#goOn();
    return promise;
  }

  leave(reader: number): void {
    this.#waiting.delete(reader);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#next === undefined || this.#waiting.size === 0 || [...this.#waiting.values()].includes(false)) return;
    const { go } = this.#next;
    this.#next = undefined;
    for (const reader of this.#waiting.keys()) this.#waiting.set(reader, false);
    go();
  }
}

/** Another mono reading of a source. @param warnings Besides those of the source; null for none at all. */
function view(
  source: AudioSource,
  read: () => Promise<Float32Array | null>,
  warnings: readonly Warning[] | null,
): AudioSource {
  const { sampleRate, lengthHint, length } = source;
  return {
    sampleRate,
    lengthHint,
    length,
    get warnings() {
      return warnings === null ? [] : [...(source.warnings ?? []), ...warnings];
    },
    read,
    close: () => source.close(),
  };
}

function power(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! ** 2;
  return sum;
}

function warnOnce(warnings: Warning[], code: WarningCode, message: string, advice = ''): void {
  if (!warnings.some((warning) => warning.code === code)) warnings.push({ code, message: `${message}${advice}` });
}
