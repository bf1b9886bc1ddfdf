import type { AudioSource, SampleInput } from '../contract/audio.ts';
import { invalidOption, throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import type { Warning } from '../contract/warnings.ts';
import { readError, tagOf } from './bytes.ts';
import { TINY } from './denormals.ts';
import { mixPlanar } from './mix.ts';
import { createResampler } from './resample.ts';

/** Samples per block: short enough that no step blocks an event loop for long. */
const BLOCK = 1 << 15;
/** Louder samples are clipped, so that sums of squares stay finite in float32. Beyond any format's integer scale. */
export const MAX_AMPLITUDE = 2 ** 31;

/**
 * Makes a source from samples in memory. Mono is not copied; several channels are mixed by their mean.
 * @throws `invalid-option` if they are not Float32Arrays; `invalid-audio` for no channels or different lengths.
 */
export function samplesSource(input: SampleInput): AudioSource {
  const channels = isFloat32(input.samples) ? [input.samples] : input.samples;
  const length = checkChannels(channels);
  const mixed = new Float32Array(channels.length === 1 ? 0 : Math.min(BLOCK, length));
  let at = 0;
  /** The next block of each channel, or null at the end. */
  const next = () => {
    const from = at;
    at = Math.min(from + BLOCK, length);
    return at > from ? channels.map((samples) => samples.subarray(from, at)) : null;
  };
  return {
    sampleRate: input.sampleRate,
    lengthHint: length,
    length,
    warnings: [],
    channels: channels.length,
    readChannels: async () => next(),
    async read() {
      const [first, ...others] = next() ?? [];
      if (first === undefined || others.length === 0) return first ?? null;
      const out = mixed.subarray(0, first.length);
      mixPlanar([first, ...others], out);
      return out;
    },
    async close() {
      at = length;
    },
  };
}

function checkChannels(channels: unknown): number {
  if (!Array.isArray(channels) || channels.some((channel) => !isFloat32(channel))) {
    throw invalidOption(
      '`samples` must be a Float32Array, or an array of them, one per channel',
      'convert 16-bit integers with Float32Array.from(pcm, (v) => v / 32768)',
    );
  }
  const lengths = new Set(channels.map((channel: Float32Array) => channel.length));
  if (lengths.size === 1) return [...lengths][0]!;
  throw new VoiceFlowError(
    'invalid-audio',
    lengths.size === 0
      ? '`samples` has no channels'
      : `\`samples\` has channels of lengths ${[...lengths].join(', ')}, expected equal lengths`,
  );
}

/** Checks the tag, not the class, because test runners and frames have their own constructors. */
function isFloat32(value: unknown): value is Float32Array {
  return tagOf(value) === 'Float32Array';
}

interface GuardOptions {
  /** Maximum length in seconds. */
  readonly maxSeconds: number;
  readonly nonFinite: 'refuse' | 'replace';
  readonly signal?: AbortSignal | undefined;
}

/**
 * Enforces the requirements on a source: finite samples of plausible loudness (inaudible ones are set to 0), length
 * within the limit, typed errors, and closing on failure.
 * @throws `audio-too-long` at once if the length is known.
 */
export function guarded(source: AudioSource, options: GuardOptions): AudioSource {
  const { maxSeconds, signal } = options;
  const maxSamples = maxSeconds * source.sampleRate;
  const own: Warning[] = [];
  let count = 0;
  if (source.length !== undefined && source.length > maxSamples) {
    throw tooLong(`is ${Math.ceil(source.length / source.sampleRate)} s long; the limit is`, maxSeconds);
  }

  async function next(): Promise<Float32Array | null> {
    throwIfAborted(signal);
    let samples = await source.read();
    while (samples?.length === 0 && !signal?.aborted) samples = await source.read();
    throwIfAborted(signal);
    if (samples === null) return null;
    if (!isFloat32(samples)) throw new TypeError('an AudioSource must return Float32Array or null');
    if (count + samples.length > maxSamples) throw tooLong('is longer than the limit of', maxSeconds);
    const firstBad = findOutlier(samples);
    const secondsAt = (at: number) => (count + at) / source.sampleRate;
    const clean = firstBad < 0 ? samples : repair(samples, firstBad, secondsAt, options, own);
    count += samples.length;
    return clean;
  }

  return derived(source, {
    warnings: own,
    async read() {
      try {
        return await next();
      } catch (error) {
        await source.close().catch(() => {});
        throw readError(error, signal);
      }
    },
  });
}

interface Changes {
  readonly sampleRate?: number;
  /** Warnings added to those of the source; null for no warnings at all. */
  readonly warnings?: readonly Warning[] | null;
  read(): Promise<Float32Array | null>;
  /** Default: closes the source. */
  close?(): Promise<void>;
}

/** A mono source that reads from another one of the same length in seconds. */
export function derived(source: AudioSource, changes: Changes): AudioSource {
  const { sampleRate = source.sampleRate, warnings = [], read, close = () => source.close() } = changes;
  const scaled = (length: number | undefined) => length && Math.ceil((length * sampleRate) / source.sampleRate);
  return {
    sampleRate,
    lengthHint: scaled(source.lengthHint),
    length: scaled(source.length),
    get warnings() {
      return warnings === null ? [] : [...(source.warnings ?? []), ...warnings];
    },
    read,
    close,
  };
}

/** Index of the first sample that is not finite, implausibly loud, or so quiet that it slows computation; or -1. */
function findOutlier(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    const loudness = Math.abs(samples[i]!);
    // The comparison also fails for NaN.
    if (!(loudness <= MAX_AMPLITUDE) || (loudness < TINY && loudness !== 0)) return i;
  }
  return -1;
}

/** Returns a copy with outliers repaired, because the samples may belong to the caller. */
function repair(
  samples: Float32Array,
  first: number,
  secondsAt: (index: number) => number,
  options: GuardOptions,
  warnings: Warning[],
): Float32Array {
  const clean = samples.slice();
  for (let i = first; i < clean.length; i++) {
    const value = clean[i]!;
    if (Math.abs(value) <= MAX_AMPLITUDE) {
      if (Math.abs(value) < TINY) clean[i] = 0;
      continue;
    }
    if (Number.isFinite(value)) {
      warnOnce(
        warnings,
        'format-questionable',
        `samples as large as ${value.toExponential(1)} were clipped; full scale is 1`,
      );
      clean[i] = Math.sign(value) * MAX_AMPLITUDE;
    } else if (options.nonFinite === 'refuse') {
      throw new VoiceFlowError(
        'invalid-audio',
        `a sample at ${secondsAt(i).toFixed(3)} s is ${value}, expected finite numbers`,
        { hint: 'export it as 16-bit PCM, which has no such numbers' },
      );
    } else {
      warnOnce(warnings, 'audio-nonfinite', 'samples that are not finite numbers were replaced');
      clean[i] = Number.isNaN(value) ? 0 : Math.sign(value);
    }
  }
  return clean;
}

export function warnOnce(warnings: Warning[], code: Warning['code'], message: string): void {
  if (!warnings.some((warning) => warning.code === code)) warnings.push({ code, message });
}

function tooLong(what: string, maxSeconds: number): VoiceFlowError {
  return new VoiceFlowError('audio-too-long', `the audio ${what} ${maxSeconds} s`, {
    hint: 'split the recording, or raise `limits.maxSeconds`',
  });
}

/** Resamples a source to another rate; returns it unchanged if the rate is the same. */
export function resampled(source: AudioSource, sampleRate: number): AudioSource {
  if (source.sampleRate === sampleRate) return source;
  const resampler = createResampler(source.sampleRate, sampleRate);
  let queue: Float32Array | null = null;
  let at = 0;
  let ended = false;
  async function next(): Promise<Float32Array> {
    if (queue === null || at === queue.length) {
      queue = await source.read();
      at = 0;
    }
    if (queue === null) {
      ended = true;
      return resampler.end();
    }
    const piece = queue.subarray(at, at + resampler.block);
    at += piece.length;
    return resampler.push(piece);
  }
  return derived(source, {
    sampleRate,
    async read() {
      while (!ended) {
        const samples = await next();
        if (samples.length > 0) return samples;
      }
      return null;
    },
    close() {
      ended = true;
      return source.close();
    },
  });
}

/**
 * Reads the first samples in advance, so that errors are thrown on opening.
 * @throws `invalid-audio` if there are no samples; any error of reading.
 */
export async function primed(source: AudioSource): Promise<AudioSource> {
  let first = await source.read();
  if (first === null) {
    throw new VoiceFlowError('invalid-audio', 'the audio has no samples', {
      hint: 'check that the recording was not stopped before it began',
    });
  }
  return derived(source, {
    async read() {
      if (first === null) return source.read();
      const samples = first;
      first = null;
      return samples;
    },
    close() {
      first = null;
      return source.close();
    },
  });
}
