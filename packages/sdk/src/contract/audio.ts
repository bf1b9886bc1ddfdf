import type { Warning } from './warnings.ts';

/** A pull stream of mono float32 samples at one sample rate, nominally in [-1, 1]. */
export interface AudioSource {
  /** Sample rate in Hz. */
  readonly sampleRate: number;
  /** Expected number of samples, such as the length in a header. For progress only, never for allocation. */
  readonly lengthHint?: number;
  /** Exact number of samples, if known (as for samples in memory). Not an estimate, so limits can reject it at once. */
  readonly length?: number;
  /** Returns the next samples (never empty), or null at the end. The buffer is valid until the next call. */
  read(): Promise<Float32Array | null>;
  /** Number of channels that `readChannels` returns. Default 1. */
  readonly channels?: number;
  /** Samples decoded per second of audio, if more than the sample rate times `channels`. */
  readonly samplesPerSecond?: number;
  /** Alternative to `read` that returns one array per channel (equal length, never empty), or null at the end. */
  readChannels?(): Promise<readonly Float32Array[] | null>;
  /** Releases the file or stream. Safe to call twice and after the end. */
  close(): Promise<void>;
  /** Warnings so far, such as a truncated file; complete once `read` has returned null. */
  readonly warnings: readonly Warning[];
}

/** Samples in memory: mono, or one array per channel, all of equal length. */
export interface SampleInput {
  readonly samples: Float32Array | readonly Float32Array[];
  readonly sampleRate: number;
}

/** Audio that `diarize` accepts. The format is detected from the bytes, never from a file name. */
export type AudioInput =
  | SampleInput
  | Blob
  | Uint8Array
  | ArrayBuffer
  | ReadableStream<Uint8Array>
  /** Such as a stream of Node; not in browsers without `ReadableStream.from`. */
  | AsyncIterable<Uint8Array>
  | AudioSource;

/** Limits on the audio. They are checked against the data that arrives, never against the length in a header. */
export interface AudioLimits {
  /** Maximum seconds of audio; more throws `audio-too-long`. Default 4 h (`DEFAULT_MAX_SECONDS`). */
  readonly maxSeconds?: number;
  /** Maximum encoded bytes; more throws `audio-too-large`. Default: no limit. */
  readonly maxBytes?: number;
  /** Maximum sample rate × channels, to bound the decoding cost; more throws `audio-too-large`. Default: no limit. */
  readonly maxSamplesPerSecond?: number;
}

/** Sequential reader of encoded bytes. */
export interface ByteReader {
  /** Total number of bytes, if known. */
  readonly size?: number;
  readonly position: number;
  /** Returns up to `count` bytes (fewer only at the end). The view is valid until the next call. */
  read(count: number): Promise<Uint8Array>;
  /** Skips up to `count` bytes and returns the number skipped. */
  skip(count: number): Promise<number>;
  /** Moves to a position. Present only if the input can be re-read: a Blob, or bytes in memory. */
  seek?(position: number): void;
  close(): Promise<void>;
}

/** A decoder of one audio format. WAV is built in; other formats are added through this interface. */
export interface AudioDecoder {
  /** Name of the format for messages, such as `wav`. */
  readonly format: string;
  /**
   * Whether the first bytes are of this format. `head` starts after any ID3 tags and has 512 bytes (or all of a shorter
   * file). If no decoder matches, it may be called again with up to 4096 bytes, or with the tags.
   */
  sniff(head: Uint8Array): boolean;
  /** @throws `invalid-audio` for a file of this format that is too damaged to read. */
  open(bytes: ByteReader, options: { readonly signal?: AbortSignal }): Promise<AudioSource>;
}
