import type { KnownVoice } from '../contract/options.ts';
import { type HeardVoice, type NamingOptions, nameVoices, speakerLabel } from '../voices/naming.ts';

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
    this.#all.push({ label: speakerLabel(speaker), since });
    this.#active.push(speaker);
    return speaker;
  }

  at(speaker: number): LiveSpeaker {
    return this.#all[speaker]!;
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
  recognize(heard: ReadonlyMap<number, HeardVoice>, known: readonly KnownVoice[], options: NamingOptions): number[] {
    const taken = new Set(this.#active.map((speaker) => this.at(speaker).name));
    const all = this.#active.filter((speaker) => heard.has(speaker));
    if (all.every((speaker) => this.at(speaker).name !== undefined)) return [];
    // Those that have a name take part: whoever sounds like a name that is taken gets none.
    const matches = nameVoices(
      all.map((speaker) => heard.get(speaker) as HeardVoice),
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
