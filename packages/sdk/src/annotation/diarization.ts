import type { Diarization, DiarizationJson, DiarizationParts, Speaker, Timings } from '../contract/result.ts';
import type { Turn } from '../contract/segment.ts';
import type { Warning } from '../contract/warnings.ts';
import { exclusiveTurns } from './exclusive.ts';
import { turnsToJson } from './json.ts';
import { toRttm } from './rttm.ts';
import { toSrt } from './srt.ts';
import { roundToMillisecond } from './time.ts';
import { toVtt } from './vtt.ts';

/** The `Diarization` that `diarize` returns: plain data with methods for the output formats. */
export class DiarizationResult implements Diarization {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  readonly duration: number;
  readonly warnings: readonly Warning[];
  readonly timings: Timings;
  readonly model: Diarization['model'];
  readonly backend: string;

  constructor(parts: DiarizationParts) {
    this.turns = parts.turns;
    this.speakers = parts.speakers;
    this.duration = parts.duration;
    this.warnings = parts.warnings;
    this.timings = parts.timings;
    this.model = parts.model;
    this.backend = parts.backend;
  }

  exclusive(): readonly Turn[] {
    return exclusiveTurns(this.turns);
  }

  toJSON(): DiarizationJson {
    return {
      duration: roundToMillisecond(this.duration),
      turns: turnsToJson(this.turns),
      speakers: this.speakers.map(({ label, seconds, embedding, name }) => ({
        label,
        seconds: roundToMillisecond(seconds),
        name,
        embedding: Array.from(embedding),
      })),
      model: this.model,
      backend: this.backend,
      warnings: this.warnings,
      timings: this.timings,
    };
  }

  toRTTM(uri = 'audio'): string {
    return toRttm(this.turns, uri);
  }

  toSRT(): string {
    return toSrt(this.turns);
  }

  toVTT(): string {
    return toVtt(this.turns);
  }
}
