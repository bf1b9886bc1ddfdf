import type { KnownVoice } from '../contract/options.ts';
import { matchVoices } from '../voices/match.ts';

export interface LiveSpeaker {
  readonly label: string;
  /** Frame in which it was first told. */
  readonly since: number;
  name?: string;
  /** Whom it turned out to be. */
  into?: number;
}

/** The speakers of a session: numbers that are never used again, their labels and names, and who became whom. */
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
    this.#all.push({ label: labelOf(speaker), since });
    this.#active.push(speaker);
    return speaker;
  }

  at(speaker: number): LiveSpeaker {
    return this.#all[speaker] as LiveSpeaker;
  }

  /** The speaker that a speaker has become. */
  now(speaker: number): number {
    let at = speaker;
    for (let into = this.at(at).into; into !== undefined; into = this.at(at).into) at = into;
    return at;
  }

  /** @returns Whether `into` was nameless and has the name of `from` now. */
  merge(from: number, into: number): boolean {
    this.at(from).into = into;
    this.#active = this.#active.filter((speaker) => speaker !== from);
    const { name } = this.at(from);
    if (name === undefined || this.at(into).name !== undefined) return false;
    this.at(into).name = name;
    return true;
  }

  /** Names for nameless speakers, from the known voices whose names are free. */
  recognise(
    embeddings: ReadonlyMap<number, Float32Array>,
    known: readonly KnownVoice[],
    options: { readonly space: string; readonly threshold: number },
  ): number[] {
    const taken = new Set(this.#active.map((speaker) => this.at(speaker).name));
    const free = known.filter(({ name }) => !taken.has(name));
    const nameless = this.#active.filter((speaker) => this.at(speaker).name === undefined && embeddings.has(speaker));
    if (free.length === 0 || nameless.length === 0) return [];
    const matches = matchVoices(
      nameless.map((speaker) => embeddings.get(speaker) as Float32Array),
      free,
      options,
    );
    return nameless.filter((speaker, i) => {
      const name = matches[i]?.name;
      if (name !== undefined) this.at(speaker).name = name;
      return name !== undefined;
    });
  }
}

export function labelOf(speaker: number): string {
  return `SPEAKER_${String(speaker).padStart(2, '0')}`;
}
