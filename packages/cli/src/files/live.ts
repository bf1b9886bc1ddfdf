import { codecs } from '@voiceflow-ml/codecs';
import { type AudioInput, openAudio as openRecording, type PcmEncoding, pcmReader } from 'voiceflow-ml/core';
import { FileError } from '../errors.ts';
import { openAudio } from './open.ts';

/** Samples as they come. */
export interface LiveInput {
  readonly sampleRate: number;
  /** Null at the end. */
  read(): Promise<Float32Array | null>;
  close(): Promise<void>;
}

/** How samples without a header are to be read. */
export interface PcmFormat {
  readonly sampleRate: number;
  readonly encoding: PcmEncoding;
}

/**
 * @param path `-` for standard input. @param pcm Absent for a recording that says itself what it is.
 * @param sampleRate What a recording is resampled to.
 * @throws FileError; VoiceFlowError for a recording that cannot be read.
 */
export async function openLive(path: string, pcm: PcmFormat | undefined, sampleRate: number): Promise<LiveInput> {
  const input = await openAudio(path);
  if (!pcm) {
    return openRecording(input, { sampleRate, decoders: codecs, limits: { maxSeconds: Number.POSITIVE_INFINITY } });
  }
  const reader = streamOf(input).getReader();
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

function streamOf(input: AudioInput): ReadableStream<Uint8Array> {
  if (input instanceof Blob) return input.stream();
  if (input instanceof ReadableStream) return input;
  throw new FileError('it cannot be read as a stream');
}
