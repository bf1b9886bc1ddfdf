import type { KnownVoice } from '../contract/options.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { normalize } from '../stages/vectors.ts';
import { type NamingOptions, nameVoices, type SpeakerVoice, speakerLabel } from '../voices/naming.ts';
import type { VoiceMemory } from './voice-memory.ts';

interface LiveSpeaker {
  readonly label: string;
  /** Frame at which the speaker was added. */
  readonly since: number;
  name?: string;
  /** Speaker that it was merged into. */
  into?: number;
}

/** The speakers of a session: numbers that are never reused, with labels, names and merges. */
export class LiveSpeakers {
  readonly #all: LiveSpeaker[] = [];
  #active: number[] = [];

  /** Speakers that are not merged into another, in order of appearance. */
  get active(): readonly number[] {
    return this.#active;
  }

  get all(): readonly LiveSpeaker[] {
    return this.#all;
  }

  add(since: number): number {
    const speaker = this.#all.length;
    this.#all.push({ label: speakerLabel(speaker), since });
    this.#active.push(speaker);
    return speaker;
  }

  at(speaker: number): LiveSpeaker {
    return this.#all[speaker]!;
  }

  /** The speaker that a speaker was merged into, or itself. */
  now(speaker: number): number {
    let at = speaker;
    for (let into = this.at(at).into; into !== undefined; into = this.at(at).into) at = into;
    return at;
  }

  /** Merges `from` into `into`. @returns Whether `into` had no name and takes over that of `from`. */
  merge(from: number, into: number): boolean {
    this.at(from).into = into;
    this.#active = this.#active.filter((speaker) => speaker !== from);
    const { name } = this.at(from);
    if (name === undefined || this.at(into).name !== undefined) return false;
    this.at(into).name = name;
    return true;
  }

  /** Names unnamed speakers by known voices whose names are not taken. @returns The speakers that got a name. */
  recognize(voices: ReadonlyMap<number, SpeakerVoice>, known: readonly KnownVoice[], options: NamingOptions): number[] {
    const taken = new Set(this.#active.map((speaker) => this.at(speaker).name));
    const all = this.#active.filter((speaker) => voices.has(speaker));
    if (all.every((speaker) => this.at(speaker).name !== undefined)) return [];
    // Named speakers take part in matching too, so that a speaker who matches a taken name gets none.
    const matches = nameVoices(
      all.map((speaker) => voices.get(speaker) as SpeakerVoice),
      known,
      options,
    );
    return all.filter((speaker, i) => {
      const name = matches[i]?.name;
      if (name === undefined || taken.has(name) || this.at(speaker).name !== undefined) return false;
      this.at(speaker).name = name;
      return true;
    });
  }
}

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
