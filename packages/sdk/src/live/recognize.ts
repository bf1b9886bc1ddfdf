import type { KnownVoice } from '../contract/options.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { normalize } from '../stages/vectors.ts';
import type { SpeakerVoice } from '../voices/naming.ts';
import type { LiveSpeakers } from './speakers.ts';
import type { VoiceMemory } from './voice-memory.ts';

/** Minimum seconds of a speaker's speech before it can be given a name. */
const LEAST_SECONDS = 1;

/** The naming options of a session. */
export interface KnownVoices {
  readonly known: readonly KnownVoice[];
  readonly falseNames?: number | undefined;
}

/** Names the speakers that match known voices. @returns The speakers that got a name. */
export function recognizeSpeakers(
  { settings, manifest }: FastCnnNetwork,
  { known, falseNames }: KnownVoices,
  memory: VoiceMemory,
  speakers: LiveSpeakers,
): Iterable<number> {
  if (known.length === 0) return [];
  const voices = new Map<number, SpeakerVoice>();
  for (const speaker of speakers.active) {
    const { seconds, sum } = memory.embedding(({ voice }) => voice === speaker, settings.voices.mean);
    if (seconds >= LEAST_SECONDS) voices.set(speaker, { embedding: normalize(sum), seconds });
  }
  const options = { space: manifest.space, voices: settings.voices, rules: settings.known, falseNames };
  return speakers.recognize(voices, known, options);
}
