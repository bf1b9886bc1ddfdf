import { codecs } from '@voiceflow-ml/codecs';
import {
  type AudioInput,
  type AudioSource,
  CONTAINER_BYTES,
  containerOf,
  openAudio as openRecording,
  type PcmEncoding,
  pcmReader,
  type Warning,
} from 'voiceflow-ml/core';
import { FileError } from '../errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { openAudio } from './open.ts';

export interface LiveInput {
  readonly sampleRate: number;
  /** What was detected in a recording so far. */
  readonly warnings: readonly Warning[];
  /** Null at the end. */
  read(): Promise<Float32Array | null>;
  close(): Promise<void>;
}

/** Sample rates that a session accepts, in samples per second. */
const [LEAST_RATE, MOST_RATE] = [8_000, 192_000];

/** The format of samples without a header. */
export interface PcmFormat {
  readonly sampleRate: number;
  readonly encoding: PcmEncoding;
}

/**
 * @param path `-` for standard input.
 * @param pcm Absent for a recording with a header. Bytes that begin with the header of a known format are read as a
 *   recording even when `pcm` is given.
 * @param signal Ends the input: what has arrived of a stream can still be read, a file is not read further.
 * @throws FileError; VoiceFlowError for a recording that cannot be read.
 */
export async function openLive(path: string, pcm: PcmFormat | undefined, signal: AbortSignal): Promise<LiveInput> {
  const input = await openAudio(path);
  if (!pcm && input instanceof Blob) return recordingIn(input, signal);
  const arriving = endedBy(signal, streamOf(input));
  if (!pcm) return recordingIn(arriving, signal);
  const { head, stream } = await peek(arriving);
  if (containerOf(head) !== undefined) return recordingIn(stream, signal);
  const reader = stream.getReader();
  const toSamples = pcmReader(pcm.encoding);
  return {
    sampleRate: pcm.sampleRate,
    warnings: [],
    async read() {
      const { done, value } = await reader.read();
      return done ? null : toSamples(value);
    },
    close: () => reader.cancel().catch(() => {}),
  };
}

/** A recording as live input. After the signal, an error of its incomplete end is not reported. */
async function recordingIn(input: AudioInput, signal: AbortSignal): Promise<LiveInput> {
  const nothingIfAborted = (error: unknown) => {
    if (!signal.aborted) throw error;
    return null;
  };
  const source = await openAtOwnRate(input).catch(nothingIfAborted);
  if (source === null) return { sampleRate: LEAST_RATE, warnings: [], read: async () => null, close: async () => {} };
  const isFile = input instanceof Blob;
  return {
    sampleRate: source.sampleRate,
    get warnings() {
      return source.warnings;
    },
    read: async () => (isFile && signal.aborted ? null : source.read().catch(nothingIfAborted)),
    close: () => source.close(),
  };
}

/** Opened at its own rate: resampling twice would give results that differ slightly from those of its PCM. */
async function openAtOwnRate(input: AudioInput): Promise<AudioSource> {
  const limits = { maxSeconds: Number.POSITIVE_INFINITY };
  const source = await openRecording(input, { decoders: codecs, limits });
  const sampleRate = Math.min(MOST_RATE, Math.max(LEAST_RATE, source.sampleRate));
  return sampleRate === source.sampleRate ? source : openRecording(source, { sampleRate, limits });
}

/** The same bytes, which end when the signal fires. */
function endedBy(signal: AbortSignal, source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const cancel = () => reader.cancel().catch(() => {});
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = await untilAborted(signal, reader.read());
        if (piece?.value !== undefined) return controller.enqueue(piece.value);
        controller.close();
        if (piece === undefined) void cancel();
      },
      // Not awaited: a pipe that nobody writes to is never closed.
      cancel: () => void cancel(),
    },
    { highWaterMark: 0 },
  );
}

/** Reads `CONTAINER_BYTES` or more, or all of a shorter stream, and returns them and a stream of the same content. */
async function peek(source: ReadableStream<Uint8Array>) {
  const reader = source.getReader();
  let head = new Uint8Array(0);
  while (head.length < CONTAINER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(head),
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Reads nothing ahead: an error in the source must not discard the head.
    { highWaterMark: 0 },
  );
  return { head, stream };
}

function streamOf(input: AudioInput): ReadableStream<Uint8Array> {
  if (input instanceof Blob) return input.stream();
  if (input instanceof ReadableStream) return input;
  throw new FileError('cannot be read as a stream');
}
