import { readFile } from 'node:fs/promises';
import { REPOSITORY } from './machine.ts';

/** The demo's conversation, a file in the repository: four voices, 76.9 s. */
export const CONVERSATION = `${REPOSITORY}examples/audio/conversation.wav`;
export const CONVERSATION_RTTM = `${REPOSITORY}examples/audio/conversation.rttm`;

/** Mono samples for streaming. */
export interface Pcm {
  readonly sampleRate: number;
  /** Little-endian int16. */
  readonly bytes: Uint8Array;
  /** The header of a WAV file with these samples. */
  readonly header: Uint8Array;
}

/** `scripts/make-conversation.ts` writes 16-bit mono with the canonical header of 44 bytes. */
const [HEADER, RATE_AT] = [44, 24];

/** The demo's conversation as raw samples. */
export async function conversationPcm(): Promise<Pcm> {
  const file = await readFile(CONVERSATION);
  return { sampleRate: file.readUInt32LE(RATE_AT), bytes: file.subarray(HEADER), header: file.subarray(0, HEADER) };
}

/**
 * A WAV file of `seconds` that repeats the conversation, for measurements of long recordings.
 * The voices stay the same; only the length grows.
 */
export function repeatedWav({ sampleRate, bytes, header }: Pcm, seconds: number): Uint8Array<ArrayBuffer> {
  const length = Math.round(seconds * sampleRate) * 2;
  const wav = new Uint8Array(HEADER + length);
  wav.set(header);
  const view = new DataView(wav.buffer);
  view.setUint32(4, HEADER - 8 + length, true);
  view.setUint32(HEADER - 4, length, true);
  for (let at = 0; at < length; at += bytes.length) wav.set(bytes.subarray(0, length - at), HEADER + at);
  return wav;
}
