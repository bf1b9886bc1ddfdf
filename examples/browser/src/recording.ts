import { type Turn, toRttm, toSrt, toVtt, turnsToJson } from 'voiceflow-ml';

export interface ShownTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: string;
  readonly confidence?: number;
  /** Still being heard. */
  readonly tentative?: boolean;
}

/** What is shown of a recording: its turns, and the names that the user has given to speakers. */
export class Recording {
  readonly name: string;
  /** Seconds. */
  duration = 0;
  turns: readonly ShownTurn[] = [];
  readonly #names = new Map<string, string>();

  constructor(fileName: string) {
    this.name = fileName.replace(/\.[^.]*$/, '') || 'audio';
  }

  /** Labels in order of appearance. */
  get speakers(): string[] {
    return [...new Set(this.turns.map(({ speaker }) => speaker))];
  }

  nameOf(speaker: string): string {
    return this.#names.get(speaker) ?? speaker;
  }

  /** An empty name brings the label back. */
  rename(speaker: string, name: string): void {
    const clean = name.trim();
    if (clean === '' || clean === speaker) this.#names.delete(speaker);
    else this.#names.set(speaker, clean);
  }

  secondsOf(speaker: string): number {
    return this.turns.filter((turn) => turn.speaker === speaker).reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** The turn at a time, of a speaker where two speak at once. */
  turnAt(time: number, speaker?: string): ShownTurn | undefined {
    return this.turns.find(
      (turn) => time >= turn.start && time < turn.end && (speaker === undefined || turn.speaker === speaker),
    );
  }

  /** As a file of a format, with the names given. */
  toFile(format: Format): string {
    const turns = this.turns.map((turn) => ({ ...turn, speaker: this.nameOf(turn.speaker) }));
    return FORMATS[format](this.name, turns);
  }
}

const FORMATS = {
  rttm: (name: string, turns: readonly Turn[]) => toRttm(turns, name),
  srt: (_: string, turns: readonly Turn[]) => toSrt(turns),
  vtt: (_: string, turns: readonly Turn[]) => toVtt(turns),
  json: (name: string, turns: readonly Turn[]) => `${JSON.stringify({ name, turns: turnsToJson(turns) }, null, 2)}\n`,
};
export type Format = keyof typeof FORMATS;

/** 1:02:03.4 */
export function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = `${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
