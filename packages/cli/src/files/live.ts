import { codecs } from '@voiceflow-ml/codecs';
import {
  type AudioInput,
  CONTAINER_BYTES,
  containerOf,
  openAudio as openRecording,
  type PcmEncoding,
  pcmReader,
} from 'voiceflow-ml/core';
import { FileError } from '../errors.ts';
import { openAudio } from './open.ts';

/** A stream of samples. */
export interface LiveInput {
  readonly sampleRate: number;
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
 * @throws FileError; VoiceFlowError for a recording that cannot be read.
 */
export async function openLive(path: string, pcm: PcmFormat | undefined): Promise<LiveInput> {
  const input = await openAudio(path);
  const limits = { maxSeconds: Number.POSITIVE_INFINITY };
  const recording = async (from: AudioInput) => {
    // Opened at its own rate: resampling twice would give results that differ slightly from those of its PCM.
    const source = await openRecording(from, { decoders: codecs, limits });
    const sampleRate = Math.min(MOST_RATE, Math.max(LEAST_RATE, source.sampleRate));
    return sampleRate === source.sampleRate ? source : openRecording(source, { sampleRate, limits });
  };
  if (!pcm) return recording(input);
  const { head, stream } = await peek(streamOf(input));
  if (containerOf(head) !== undefined) return recording(stream);
  const reader = stream.getReader();
  const toSamples = pcmReader(pcm.encoding);
  return {
    sampleRate: pcm.sampleRate,
    async read() {
      const { done, value } = await reader.read();
      return done ? null : toSamples(value);
    },
    close: () => reader.cancel().catch(() => {}),
  };
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
