import { type Diarization, type Turn, toRttm, toSrt, toVtt, turnsToJson } from 'voiceflow-ml/core';
import type { Input } from '../files/inputs.ts';
import { oneLine } from '../printable.ts';
import { preciseClock } from '../render/axis.ts';

export const FORMATS = ['text', 'json', 'rttm', 'srt', 'vtt'] as const;
export type Format = (typeof FORMATS)[number];

/** Whether several results may follow each other in one stream. */
export function isJoinable(format: Format): boolean {
  return format === 'text' || format === 'json' || format === 'rttm';
}

interface WriteOptions {
  readonly format: Format;
  readonly exclusive: boolean;
  /** Several results share a stream: JSON takes one line per recording, text has a line with the name above each. */
  readonly joined: boolean;
  /** The recording's file ID in RTTM. */
  readonly fileId: string;
}

/** A result as text in a format. */
export function write(result: Diarization, input: Input, { format, exclusive, joined, fileId }: WriteOptions): string {
  const turns = shown(result, exclusive);
  switch (format) {
    case 'json': {
      const json = { file: input.path, ...result.toJSON(), turns: turnsToJson(turns) };
      return `${joined ? JSON.stringify(json) : JSON.stringify(json, null, 2)}\n`;
    }
    case 'rttm':
      return toRttm(turns, fileId);
    case 'srt':
      return toSrt(turns);
    case 'vtt':
      return toVtt(turns);
    case 'text':
      return `${joined ? `# ${oneLine(input.path)}\n` : ''}${turns.map(textLine).join('')}`;
  }
}

export function shown(result: Diarization, exclusive: boolean): readonly Turn[] {
  return exclusive ? result.exclusive() : result.turns;
}

function textLine({ start, end, speaker }: Turn): string {
  return `${preciseClock(start)}  ${preciseClock(end)}  ${speaker}\n`;
}
