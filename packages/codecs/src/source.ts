import { type AudioSource, createResampler, type Resampler, VoiceFlowError, type Warning } from 'voiceflow-ml/core';
import type { Input } from './input.ts';
import { AGAIN, Instance, NO_MEMORY } from './instance.ts';
import { endsWhole } from './ogg.ts';
import { Pace } from './pace.ts';

/** Samples per channel of one `read`, approximately: at most a frame more. */
const BLOCK = 1 << 14;
/** A recording of speech does not have more channels than this, and each one needs a buffer. */
const MAX_CHANNELS = 64;
/**
 * Tolerance of a stated duration: in intact files, encoder delay and whole frames make it this inexact. In seconds, in
 * samples, and as a share of the duration.
 */
const SLACK = { seconds: 0.1, samples: 3000, part: 0.005 };

/** Messages that FFmpeg logs for intact files, too. */
const HARMLESS = /estimating duration|could not find codec parameters|consider increasing|no longer|multiple/i;

/** What FFmpeg logs when few frames tell the format: in a recording this short that is no sign of damage. */
const LOW_SCORE = /detected only with low score/;
const SHORT = { seconds: 0.5, bytes: 16_384 };

/** What FFmpeg asks its own users to do: install a newer version, upload the file, write to its developers. */
const ADVICE = /\.? ?(Update your FFmpeg|If you want to help).*/s;

/**
 * Opens encoded bytes as an `AudioSource` of the file's first audio stream, or of the one with the most channels.
 * @param name Name of the format for messages, such as `MP3`.
 * @throws `invalid-audio` when nothing can be decoded, `unsupported-format` for an unknown codec, `aborted`, and
 *   whatever the reader throws.
 */
export async function openSource(
  module: WebAssembly.Module,
  input: Input,
  name: string,
  signal: AbortSignal | undefined,
): Promise<AudioSource> {
  const source = new DecodedSource(input, name, signal);
  await source.begin(module);
  return source;
}

class DecodedSource implements AudioSource {
  readonly warnings: Warning[] = [];
  lengthHint?: number;
  readonly #input: Input;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  #instance: Instance | undefined;
  #rate = 0;
  #channels = 1;
  /** The file's stated duration in seconds; 0 for none. */
  #declared = 0;
  /** Samples per channel so far, at the source's rate. */
  #count = 0;
  /** Decoded pieces so far. */
  #frames = 0;
  /**
   * Set at the end when two thirds of the file could not be decoded: it only looked like this format. This is FFmpeg's
   * own rule.
   */
  #mostlyBroken = false;
  /** The first block, which is read when the file is opened. */
  #first: Float32Array[] | null = null;
  readonly #pace: Pace;
  /** Decoded samples that were not returned yet, and their number per channel. */
  #parts: Float32Array[][] = [];
  #gathered = 0;
  #resamplers: Resampler[] = [];
  #mono = new Float32Array(0);

  constructor(input: Input, name: string, signal: AbortSignal | undefined) {
    this.#input = input;
    this.#name = name;
    this.#signal = signal;
    this.#pace = new Pace(signal);
  }

  get sampleRate(): number {
    return this.#rate;
  }

  get channels(): number {
    return this.#channels;
  }

  /** Opens the file and decodes the first samples, which determine the rate. */
  async begin(module: WebAssembly.Module): Promise<void> {
    const instance = await Instance.create(module, this.#input, this.#pace);
    this.#instance = instance;
    const status = await this.#run(() => instance.open());
    if (status < 0) throw await this.#unusableError(status);
    const duration = instance.duration;
    // Ogg states no duration: FFmpeg reports the time of the last page, which may count from any start.
    this.#declared = Number.isFinite(duration) && duration > 0 && instance.container !== 'ogg' ? duration : 0;
    this.#first = await this.#block();
    if (this.#first === null || this.#mostlyBroken) throw await this.#unusableError(0);
    if (this.#declared > 0) this.lengthHint = Math.ceil(this.#declared * this.#rate);
  }

  async readChannels(): Promise<readonly Float32Array[] | null> {
    const first = this.#first;
    this.#first = null;
    return first ?? this.#block();
  }

  async read(): Promise<Float32Array | null> {
    const channels = await this.readChannels();
    const [only] = channels ?? [];
    if (channels === null || only === undefined) return null;
    if (channels.length === 1) return only;
    if (this.#mono.length < only.length) this.#mono = new Float32Array(only.length);
    return mean(channels, this.#mono.subarray(0, only.length));
  }

  async close(): Promise<void> {
    this.#instance = undefined;
    this.#first = null;
    this.#parts = [];
    this.#gathered = 0;
    await this.#input.close();
  }

  /** The next samples of each channel, or null at the end. */
  async #block(): Promise<Float32Array[] | null> {
    while (this.#instance !== undefined && this.#gathered < BLOCK) {
      const instance = this.#instance;
      const count = await this.#run(() => instance.next());
      if (this.#pace.due) await this.#pace.pause();
      if (count === AGAIN) continue;
      if (count > 0) this.#take(instance, count);
      else if (this.#instance !== undefined) this.#end(instance, count);
    }
    if (this.#gathered === 0 && this.#instance === undefined) this.#flush();
    if (this.#gathered === 0) return null;
    const block = this.#parts.length === 1 ? this.#parts[0]! : join(this.#parts, this.#channels);
    this.#parts = [];
    this.#count += this.#gathered;
    this.#gathered = 0;
    return block;
  }

  /** Copies the decoded samples, at the rate and with the channels of the first samples. */
  #take(instance: Instance, count: number): void {
    const channels = instance.channels(count);
    if (channels.length > MAX_CHANNELS) {
      throw this.#error('invalid-audio', `it has ${channels.length} channels, expected at most ${MAX_CHANNELS}`);
    }
    if (this.#rate === 0) {
      this.#rate = instance.rate;
      this.#channels = channels.length;
    }
    const from = this.#resamplers[0]?.fromRate ?? this.#rate;
    if (instance.rate !== from) this.#changeRate(instance.rate);
    this.#frames++;
    const same = channels.length === this.#channels;
    if (!same) this.#warnOfChannels(channels.length);
    const mono = same ? undefined : mean(channels, new Float32Array(count));
    const part = Array.from({ length: this.#channels }, (_, i) => {
      const samples = mono ?? channels[i]!;
      return this.#resamplers[i]?.push(samples).slice() ?? samples.slice();
    });
    this.#add(part);
  }

  #add(part: Float32Array[]): void {
    if (!part[0]?.length) return;
    this.#parts.push(part);
    this.#gathered += part[0].length;
  }

  #warnOfChannels(count: number): void {
    const what = 'changes its number of channels';
    if (this.warnings.some(({ message }) => message.includes(what))) return;
    this.#warn('format-questionable', `${what} from ${this.#channels} to ${count}; the mean of the latter is used`);
  }

  /** Some files change their rate midway (chained Ogg, joined MP3). The rest is resampled to the first rate. */
  #changeRate(rate: number): void {
    if (!this.warnings.some(({ message }) => message.includes('sample rate'))) {
      this.#warn('format-questionable', `changes its sample rate from ${this.#rate} to ${rate} Hz; it was resampled`);
    }
    this.#flush();
    const other = rate !== this.#rate;
    this.#resamplers = Array.from({ length: other ? this.#channels : 0 }, () => createResampler(rate, this.#rate));
  }

  #flush(): void {
    this.#add(this.#resamplers.map((resampler) => resampler.end().slice()));
    this.#resamplers = [];
  }

  /** Adds warnings about missing or broken parts. @param status 0 at the end of the file, or FFmpeg's error. */
  #end(instance: Instance, status: number): void {
    const decoded = (this.#count + this.#gathered) / this.#rate;
    const slack = Math.max(SLACK.seconds, SLACK.samples / this.#rate, this.#declared * SLACK.part);
    const isShort = decoded <= SHORT.seconds && this.#input.position <= SHORT.bytes;
    const [logLine] = reasons(instance).filter((line) => !(isShort && LOW_SCORE.test(line)));
    this.#mostlyBroken = instance.failures >= 2 * this.#frames;
    const because = logLine === undefined ? '' : ` (decoder: ${logLine})`;
    if (this.#rate > 0 && decoded < this.#declared - slack) {
      this.#warn(
        'audio-truncated',
        `ends early or has gaps: ${decoded.toFixed(2)} s of ${this.#declared.toFixed(2)} s were decoded and used${because}`,
      );
    } else if (instance.container === 'ogg' && !endsWhole(this.#input.tail)) {
      this.#warn('audio-truncated', `has no end and may be truncated; the ${decoded.toFixed(2)} s of it were used`);
    } else if (status === NO_MEMORY) {
      this.#warn(
        'audio-truncated',
        `needs more memory than a file of its size may use: only ${decoded.toFixed(2)} s were used`,
      );
    } else if (instance.failures > 0 || logLine !== undefined) {
      this.#warn('format-questionable', `is damaged or unusual; the part that could be decoded was used${because}`);
    }
    this.#instance = undefined;
  }

  async #run(call: () => Promise<number>): Promise<number> {
    try {
      return await call();
    } catch (cause) {
      if (VoiceFlowError.isInstance(cause) || this.#signal?.aborted) throw cause;
      if (!(cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError)) throw cause;
      // A trap ends the instance but not the program. The samples decoded so far are kept.
      if (this.#rate === 0) {
        throw this.#error('invalid-audio', `the decoder failed (${cause.message})`, cause);
      }
      this.#warn(
        'audio-truncated',
        `could only be decoded in part (${cause.message}); the part before the error was used`,
      );
      this.#instance = undefined;
      return 0;
    }
  }

  /** The error for a file of which nothing can be used. */
  async #unusableError(status: number): Promise<VoiceFlowError> {
    const logLine = this.#instance && reasons(this.#instance).at(-1);
    const codec = this.#instance?.codec;
    await this.close();
    if (status === DECODER_NOT_FOUND) {
      return this.#error('unsupported-format', `its audio codec is not supported (${codec || 'unknown'})`);
    }
    if (status === STREAM_NOT_FOUND) return this.#error('invalid-audio', 'it has no audio track');
    if (status === NO_MEMORY)
      return this.#error('invalid-audio', 'it needs more memory than a file of its size may use');
    return this.#error(
      'invalid-audio',
      `nothing in it could be decoded${logLine === undefined ? '' : ` (${logLine})`}`,
    );
  }

  #error(code: 'invalid-audio' | 'unsupported-format', why: string, cause?: unknown): VoiceFlowError {
    const hint =
      code === 'unsupported-format'
        ? 'convert it first: ffmpeg -i INPUT -ar 16000 -ac 1 out.wav'
        : 'check that the file was transferred completely, or export the recording again';
    return new VoiceFlowError(code, `the ${this.#name} is unusable: ${why}`, { hint, cause });
  }

  #warn(code: Warning['code'], what: string): void {
    this.warnings.push({ code, message: `the ${this.#name} ${what}` });
  }
}

/** FFmpeg's `AVERROR_STREAM_NOT_FOUND` and `AVERROR_DECODER_NOT_FOUND`. */
const STREAM_NOT_FOUND = tagged(0xf8, 'STR');
const DECODER_NOT_FOUND = tagged(0xf8, 'DEC');

function tagged(first: number, rest: string): number {
  return -(first | (rest.charCodeAt(0) << 8) | (rest.charCodeAt(1) << 16) | (rest.charCodeAt(2) << 24));
}

/** The mean of the channels, in `out`. */
function mean(channels: readonly Float32Array[], out: Float32Array): Float32Array {
  const gain = 1 / channels.length;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i]!;
    out[i] = sum * gain;
  }
  return out;
}

function join(parts: readonly (readonly Float32Array[])[], channels: number): Float32Array[] {
  const length = parts.reduce((sum, part) => sum + (part[0]?.length ?? 0), 0);
  return Array.from({ length: channels }, (_, i) => {
    const all = new Float32Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part[i]!, at);
      at += part[i]?.length ?? 0;
    }
    return all;
  });
}

/** Why a file cannot be decoded, or only in part, as FFmpeg logged it. */
function reasons({ log }: Instance): string[] {
  return log.map((line) => line.replace(ADVICE, '')).filter((line) => line !== '' && !HARMLESS.test(line));
}
