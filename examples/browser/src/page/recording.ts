import { type DiarizationJson, type Turn, toRttm, toSrt, toVtt } from 'voiceflow-ml/core';

export interface ShownTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: string;
  readonly confidence?: number;
  /** The turn has not ended yet (live sessions). */
  readonly tentative?: boolean;
}

/** What the page shows of a recording: its turns, its waveform and the names that the user gave the speakers. */
export class Recording {
  readonly name: string;
  /** Seconds. */
  duration = 0;
  turns: readonly ShownTurn[] = [];
  /** Evenly spaced peaks over the whole recording, in [0, 1]. */
  peaks: Float32Array | undefined;
  #result: DiarizationJson | undefined;
  readonly #names = new Map<string, string>();

  constructor(fileName: string) {
    this.name = fileName.replace(/\.[^.]*$/, '') || 'audio';
  }

  /** Replaces the turns with those of the final result. Names that the user gave stay. */
  show(result: DiarizationJson): void {
    this.#result = result;
    this.duration = result.duration;
    this.turns = result.turns;
    for (const { label, name } of result.speakers) if (name && !this.#names.has(label)) this.#names.set(label, name);
  }

  /** Labels in order of appearance. */
  get speakers(): string[] {
    return [...new Set(this.turns.map(({ speaker }) => speaker))];
  }

  nameOf(speaker: string): string {
    return this.#names.get(speaker) ?? speaker;
  }

  /** An empty name restores the label. */
  rename(speaker: string, name: string): void {
    const clean = name.trim();
    if (clean === '' || clean === speaker) this.#names.delete(speaker);
    else this.#names.set(speaker, clean);
  }

  secondsOf(speaker: string): number {
    return this.turns.filter((turn) => turn.speaker === speaker).reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** The turn at a time in seconds. `speaker` selects one of several overlapping turns. */
  turnAt(time: number, speaker?: string): ShownTurn | undefined {
    return this.turns.find(
      (turn) => time >= turn.start && time < turn.end && (speaker === undefined || turn.speaker === speaker),
    );
  }

  /** The next (1) or previous (-1) turn, by start, seen from a time in seconds. */
  turnFrom(time: number, direction: 1 | -1): ShownTurn | undefined {
    return direction > 0
      ? this.turns.find(({ start }) => start > time + STEP_ON)
      : this.turns.findLast(({ start }) => start < time - STEP_BACK);
  }

  /** The recording as the text of a file in a format, with the user's names. */
  toFile(format: Format): string {
    const turns = this.turns.map(({ start, end, speaker, confidence }) => ({
      start,
      end,
      speaker: this.nameOf(speaker),
      ...(confidence === undefined ? {} : { confidence }),
    }));
    return format === 'json' ? this.#json(turns) : FORMATS[format](this.name, turns);
  }

  #json(turns: readonly Turn[]): string {
    const speakers = this.#result?.speakers.map((speaker) => ({ ...speaker, label: this.nameOf(speaker.label) }));
    return `${JSON.stringify({ name: this.name, ...this.#result, turns, ...(speakers ? { speakers } : {}) }, null, 2)}\n`;
  }
}

/**
 * Tolerances in seconds, so that stepping never lands on the current turn: going back soon after a turn's start goes to
 * the one before.
 */
const STEP_ON = 0.05;
const STEP_BACK = 0.5;

const FORMATS = {
  rttm: (name: string, turns: readonly Turn[]) => toRttm(turns, name),
  srt: (_: string, turns: readonly Turn[]) => toSrt(turns),
  vtt: (_: string, turns: readonly Turn[]) => toVtt(turns),
};
export type Format = keyof typeof FORMATS | 'json';

/** Formats seconds as `1:02:03.4`. */
export function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = `${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A turn as text: `Ada, 0:01.0 to 0:02.5`. */
export function describe(recording: Recording, { speaker, start, end }: ShownTurn): string {
  return `${recording.nameOf(speaker)}, ${clock(start)} to ${clock(end)}`;
}
