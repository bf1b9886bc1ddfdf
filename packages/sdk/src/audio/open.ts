import type { AudioDecoder, AudioInput, AudioLimits, AudioSource, SampleInput } from '../contract/audio.ts';
import { invalidOption, throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import { checkOneChannel } from '../contract/options.ts';
import { type ByteInput, isBlob, isStream, openBytes, type PeekReader, readError, tagOf } from './bytes.ts';
import { channelOf, mixed, separated } from './channels.ts';
import { DESCRIBE_BYTES, describeBytes, recognize } from './formats.ts';
import { guarded, primed, resampled, samplesSource } from './pipes.ts';
import { concat, isSupportedRate, RATE_RANGE } from './resample.ts';
import { wavDecoder } from './wav.ts';

/** Maximum length of a recording by default: 4 h. */
export const DEFAULT_MAX_SECONDS = 4 * 3600;

export interface OpenAudioOptions {
  /** Output sample rate in Hz. Default: that of the input. */
  readonly sampleRate?: number;
  readonly limits?: AudioLimits;
  /** Decoders besides WAV, tried in this order before it. */
  readonly decoders?: readonly AudioDecoder[];
  readonly signal?: AbortSignal;
  /** `mix` (default): use the mean of all channels. A number, from 1: use that channel alone. */
  readonly channels?: 'mix' | number;
  /**
   * How to handle NaN and infinities: `refuse` (default) throws `invalid-audio`; `replace` replaces them by 0 and full
   * scale, with a warning.
   */
  readonly nonFinite?: 'refuse' | 'replace';
}

/**
 * Opens any `AudioInput` as a source of finite mono samples at the requested rate, or at its own. The format is
 * detected from the bytes. The source closes itself and its input when it fails or is aborted.
 * @throws `unsupported-format` for bytes that no decoder supports; `invalid-audio` for damaged or empty audio;
 *   `audio-too-long` and `audio-too-large` beyond the limits; `invalid-option` for a value that is no audio input;
 *   `aborted`. Reading may throw the same errors.
 */
export async function openAudio(input: AudioInput, options: OpenAudioOptions): Promise<AudioSource> {
  const { channels = 'mix' } = options;
  checkOneChannel(channels);
  const [source] = await open(input, options, (one) => [channels === 'mix' ? mixed(one) : channelOf(one, channels)]);
  return source as AudioSource;
}

/**
 * Like `openAudio`, but opens each channel as a separate source, with cross-talk from louder channels silenced. No
 * source can be more than a block ahead of the others, so all of them must be read (or closed) in parallel.
 */
export function openChannels(input: AudioInput, options: Omit<OpenAudioOptions, 'channels'>): Promise<AudioSource[]> {
  return open(input, options, separated);
}

/** @param split Turns the input's channels into mono sources. */
async function open(
  input: AudioInput,
  options: OpenAudioOptions,
  split: (source: AudioSource) => AudioSource[],
): Promise<AudioSource[]> {
  const { signal, sampleRate } = options;
  throwIfAborted(signal);
  if (sampleRate !== undefined && !isSupportedRate(sampleRate)) {
    throw invalidOption(`sampleRate is ${sampleRate}, expected ${RATE_RANGE}`);
  }
  const maxSeconds = checkLimit('maxSeconds', options.limits?.maxSeconds) ?? DEFAULT_MAX_SECONDS;
  const maxBytes = checkLimit('maxBytes', options.limits?.maxBytes);
  const most = checkLimit('maxSamplesPerSecond', options.limits?.maxSamplesPerSecond);
  const source = await openSource(input, maxBytes === undefined ? options : { ...options, maxBytes });
  try {
    checkRate(source.sampleRate);
    checkDensity(source, most);
    const guard = { maxSeconds, nonFinite: options.nonFinite ?? 'refuse', signal } as const;
    const sources = split(source).map((one) => resampled(guarded(one, guard), sampleRate ?? one.sampleRate));
    return await Promise.all(sources.map(primed));
  } catch (error) {
    await source.close().catch(() => {});
    throw error;
  }
}

/** Opens the input as a source at its own rate. */
async function openSource(
  input: AudioInput,
  options: { readonly maxBytes?: number; readonly decoders?: readonly AudioDecoder[]; readonly signal?: AbortSignal },
): Promise<AudioSource> {
  if (isSamples(input)) return samplesSource(input);
  if (isSource(input)) return input;
  if (!isBytes(input)) throw notAudioInput(input);
  const bytes = openBytes(input, options);
  try {
    return await decode(bytes, [...(options.decoders ?? []), wavDecoder], options.signal);
  } catch (error) {
    await bytes.close().catch(() => {});
    throw readError(error, options.signal);
  }
}

/** Finds the decoder for the first bytes, after skipping ID3 tags, and opens it. */
async function decode(
  bytes: PeekReader,
  decoders: readonly AudioDecoder[],
  signal: AbortSignal | undefined,
): Promise<AudioSource> {
  const find = (bytes: Uint8Array) => decoders.find((one) => one.sniff(bytes));
  const head = (await bytes.peek(DESCRIBE_BYTES)).slice();
  let content = head;
  for (let tags = 0; tags < MAX_TAGS && id3Length(content) > 0; tags++) {
    await bytes.skip(id3Length(content));
    content = (await bytes.peek(DESCRIBE_BYTES)).slice();
  }
  let decoder = find(content);
  if (!decoder && mayHoldFrames(content)) decoder = find((await bytes.peek(SNIFF_BYTES)).slice());
  if (!decoder && content !== head) {
    // The tag's length may be wrong: try decoders that read tags themselves.
    decoder = find(head);
    if (decoder) bytes.seek?.(0);
  }
  if (decoder) return decoder.open(bytes, { signal });
  const guess = recognize(content) ?? describeBytes(head);
  const known = decoders.map((one) => one.format.toUpperCase()).join(', ');
  const message =
    head.length === 0
      ? 'the audio is empty (0 bytes)'
      : `no supported audio format: the bytes look like ${guess.name}, expected ${known}`;
  throw new VoiceFlowError('unsupported-format', message, { hint: guess.hint });
}

/** Whether to look at more bytes: unknown data may be frames of a recording that was cut at any position. */
function mayHoldFrames(head: Uint8Array): boolean {
  return head.length === DESCRIBE_BYTES && describeBytes(head).name.startsWith('unknown data');
}

/** Maximum number of bytes that decoders get to detect a format. */
const SNIFF_BYTES = 4096;
/** Maximum number of consecutive ID3 tags that are skipped. */
const MAX_TAGS = 16;

/** Length of an ID3v2 tag (id3.org, 2.4.0 §3.1), which some tools put before any kind of audio; 0 if there is none. */
function id3Length(head: Uint8Array): number {
  if (head.length < 10 || head[0] !== 0x49 || head[1] !== 0x44 || head[2] !== 0x33) return 0;
  const size = head.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return 10 + size + ((head[5] ?? 0) & 0x10 ? 10 : 0);
}

function isSamples(input: unknown): input is SampleInput {
  return typeof input === 'object' && input !== null && 'samples' in input;
}

function isSource(input: unknown): input is AudioSource {
  return (
    typeof input === 'object' &&
    input !== null &&
    // A stream of Node has the functions, too.
    'sampleRate' in input &&
    ['read', 'close'].every((name) => name in input && typeof input[name as keyof typeof input] === 'function')
  );
}

function isBytes(input: unknown): input is ByteInput {
  return ['Uint8Array', 'ArrayBuffer'].includes(tagOf(input)) || isBlob(input) || isStream(input);
}

function notAudioInput(input: unknown): VoiceFlowError {
  const kind =
    input === null ? 'null' : typeof input === 'object' ? (input.constructor?.name ?? 'object') : typeof input;
  const hint =
    typeof input === 'string'
      ? 'open the path first: await fs.openAsBlob(path), or the URL: (await fetch(url)).body'
      : ArrayBuffer.isView(input)
        ? 'pass samples with their rate: { samples, sampleRate }'
        : 'pass encoded bytes, or samples as { samples, sampleRate }';
  return invalidOption(
    `the audio is of type ${kind}, expected a Blob, Uint8Array, ArrayBuffer, ReadableStream, AudioSource or { samples, sampleRate }`,
    hint,
  );
}

function checkRate(sampleRate: unknown): void {
  if (typeof sampleRate === 'number' && isSupportedRate(sampleRate)) return;
  throw new VoiceFlowError(
    'invalid-audio',
    `the audio has a sample rate of ${String(sampleRate)} Hz, expected ${RATE_RANGE}`,
    { hint: 'pass the sample rate of the recording' },
  );
}

function checkDensity(source: AudioSource, most = Number.POSITIVE_INFINITY): void {
  const { sampleRate, channels = 1, samplesPerSecond = sampleRate * channels } = source;
  if (samplesPerSecond <= most) return;
  throw new VoiceFlowError(
    'audio-too-large',
    `the audio has ${samplesPerSecond / sampleRate} channels at ${sampleRate} Hz; the limit is ${most} samples per second`,
    { hint: 'one channel at 16 kHz is enough' },
  );
}

function checkLimit(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value > 0) return value;
  throw invalidOption(`limits.${name} is ${value}, expected a number above 0`);
}

/** Reads all samples of a source into one array. For short audio: memory grows with its length. */
export async function collect(source: AudioSource): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  try {
    for (let part = await source.read(); part; part = await source.read()) parts.push(part.slice());
  } finally {
    await source.close();
  }
  return concat(parts);
}
