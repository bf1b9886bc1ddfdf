import { readFile } from 'node:fs/promises';
import { REPOSITORY } from './machine.ts';
import { noise, seededRandom } from './stats/random.ts';

/** The demo's conversation, committed: four voices, 76.9 s. */
export const CONVERSATION = `${REPOSITORY}examples/audio/conversation.wav`;
export const CONVERSATION_RTTM = `${REPOSITORY}examples/audio/conversation.rttm`;

/** 16-bit mono samples to stream. */
export interface Pcm {
  readonly sampleRate: number;
  /** Little-endian int16. */
  readonly bytes: Uint8Array;
  /** What it is, for the report. */
  readonly name: string;
}

const HEADER = 44;

/** The demo's conversation as raw samples, or noise where it is not at hand. */
export async function conversationPcm(): Promise<Pcm> {
  try {
    const file = await readFile(CONVERSATION);
    // `scripts/make-conversation.ts` writes the canonical header; anything else is not that file.
    if (file.toString('latin1', 36, 40) === 'data' && file.readUInt16LE(34) === 16 && file.readUInt16LE(22) === 1) {
      return { sampleRate: file.readUInt32LE(24), bytes: file.subarray(HEADER), name: 'the demo conversation' };
    }
  } catch {
    // Falls through to the noise.
  }
  const samples = noise(16_000 * 30, seededRandom(1));
  const bytes = new Uint8Array(Int16Array.from(samples, (value) => value * 32_767).buffer);
  return { sampleRate: 16_000, bytes, name: 'noise (the demo conversation is not at hand)' };
}

/**
 * A WAV file of `seconds` made of the conversation again and again, for figures about long recordings.
 * The voices and their number stay the same; only the length grows.
 */
export function repeatedWav(pcm: Pcm, seconds: number): Uint8Array<ArrayBuffer> {
  const length = Math.round(seconds * pcm.sampleRate) * 2;
  const wav = new Uint8Array(HEADER + length);
  const view = new DataView(wav.buffer);
  const tag = (at: number, text: string) => wav.set(new TextEncoder().encode(text), at);
  tag(0, 'RIFF');
  view.setUint32(4, 36 + length, true);
  tag(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, pcm.sampleRate, true);
  view.setUint32(28, pcm.sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  tag(36, 'data');
  view.setUint32(40, length, true);
  for (let at = 0; at < length; at += pcm.bytes.byteLength) {
    wav.set(pcm.bytes.subarray(0, Math.min(pcm.bytes.byteLength, length - at)), HEADER + at);
  }
  return wav;
}
