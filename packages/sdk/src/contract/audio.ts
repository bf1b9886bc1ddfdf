import type { Warning } from './warnings.ts';

/** A pull stream of mono float32 samples at one rate, nominally in [-1, 1]. */
export interface AudioSource {
  /** Samples a second. */
  readonly sampleRate: number;
  /** Samples expected in all, when something claims it; for progress only, never for allocation. */
  readonly lengthHint?: number;
  /** Samples in all where they are known to be there, as in memory; never a claim. Lets limits refuse at once. */
  readonly length?: number;
  /** The next samples (never empty), or null at the end. The buffer is the caller's until the next call. */
  read(): Promise<Float32Array | null>;
  /** Channels that `readChannels` gives apart; one where it is absent. */
  readonly channels?: number;
  /** Samples that are decoded for a second, where that is more than the rate times `channels`. */
  readonly samplesPerSecond?: number;
  /** In place of `read`, of which it is the same stretch: the channels apart, as arrays of equal length above 0. */
  readChannels?(): Promise<readonly Float32Array[] | null>;
  /** Frees what is held (a file, a stream); safe to call twice and after the end. */
  close(): Promise<void>;
  /** What was noticed so far, such as a truncated file; complete once `read` gave null. */
  readonly warnings: readonly Warning[];
}

/** Samples in memory: mono, or an array of channels of equal length. */
export interface SampleInput {
  readonly samples: Float32Array | readonly Float32Array[];
  readonly sampleRate: number;
}

/** What `diarize` takes. The bytes decide the format, never the name. */
export type AudioInput = SampleInput | Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array> | AudioSource;

/** Limits judged from what arrives, never from what a header claims. */
export interface AudioLimits {
  /** Seconds of audio; beyond it `audio-too-long`. Default 4 h (`DEFAULT_MAX_SECONDS`). */
  readonly maxSeconds?: number;
  /** Encoded bytes; beyond it `audio-too-large`. Default none. */
  readonly maxBytes?: number;
  /** Sample rate times channels; beyond it `audio-too-large`: the cost of decoding follows it. Default none. */
  readonly maxSamplesPerSecond?: number;
}

/** Encoded bytes, read in order; `seek` only where the input is a Blob or in memory. */
export interface ByteReader {
  /** Total bytes where known. */
  readonly size?: number;
  readonly position: number;
  /** Up to `count` bytes (fewer only at the end). The view is valid until the next call. */
  read(count: number): Promise<Uint8Array>;
  /** Passes over up to `count` bytes; gives how many there were. */
  skip(count: number): Promise<number>;
  /** Present where the input allows going back. */
  seek?(position: number): void;
  close(): Promise<void>;
}

/** A format that VoiceFlow can read; WAV is built in, others plug in here. */
export interface AudioDecoder {
  /** For messages, such as `wav`. */
  readonly format: string;
  /** Whether the first bytes are of this format: 512 or all there are, behind ID3 tags; up to 4096 where 512 say nothing. */
  sniff(head: Uint8Array): boolean;
  /** @throws `invalid-audio` for a file of this format that is broken beyond use. */
  open(bytes: ByteReader, options: { readonly signal?: AbortSignal }): Promise<AudioSource>;
}
