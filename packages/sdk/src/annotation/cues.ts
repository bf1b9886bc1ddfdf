import type { Segment } from '../contract/segment.ts';
import { badLine } from './text.ts';
import { toMilliseconds } from './time.ts';

/** A subtitle cue: a turn, an utterance of `groupWords`, or a cue of a subtitle file. */
export interface Cue extends Segment {
  readonly speaker?: string;
  /** If absent, the speaker's label is shown. */
  readonly text?: string;
}

/** A cue as it is written: integer milliseconds ≥ 0, start < end. */
interface WrittenCue {
  readonly start: number;
  readonly end: number;
  readonly speaker: string | undefined;
  /** Lines of text, none of them blank; empty if the cue has no text. */
  readonly lines: readonly string[];
}

/**
 * Prepares cues for writing, sorted by start, then by end, as both formats require. A start before 0 becomes 0. A cue
 * without text that rounds to zero length is left out; a cue with text lasts at least a millisecond.
 */
export function arrangeCues(cues: Iterable<Cue>): WrittenCue[] {
  const written: WrittenCue[] = [];
  for (const { start, end, speaker, text } of cues) {
    const from = Math.max(0, toMilliseconds(start));
    const to = toMilliseconds(end);
    const lines = textLines(text ?? '');
    if (to <= from && lines.length === 0) continue;
    written.push({ start: from, end: Math.max(to, from + 1), speaker: speaker && oneLine(speaker), lines });
  }
  return written.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** `HH:MM:SS` and milliseconds; hours may have more than two digits. */
export function timestamp(milliseconds: number, separator: ',' | '.'): string {
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${clock.map((part) => pad(part, 2)).join(':')}${separator}${pad(milliseconds % 1000, 3)}`;
}

const TIMING =
  /^[ \t]*(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})[ \t]*-->[ \t]*(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})(?:[ \t]|$)/;

/**
 * Times in seconds of a `start --> end` line. Text after the times is ignored.
 * @param index Index of the line. @param expected The form of the times, for the error.
 * @throws `invalid-option` for other lines, and for an end before the start.
 */
export function parseTiming(format: string, index: number, line: string, expected: string): Segment {
  const match = TIMING.exec(line);
  if (match === null) throw badLine(format, index, line, `expected \`${expected} --> ${expected}\``);
  const start = secondsOf(match.slice(1, 5));
  const end = secondsOf(match.slice(5, 9));
  if (end < start) throw badLine(format, index, line, 'the end is before the start');
  return { start, end };
}

function secondsOf([hours = '0', minutes = '0', seconds = '0', fraction = '0']: string[]): number {
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return (whole * 1000 + Number(fraction.padEnd(3, '0'))) / 1000;
}

/** Groups of lines that are separated by blank lines, with the index of the first line. */
export function blocksOf(lines: readonly string[]): { readonly index: number; readonly lines: string[] }[] {
  const blocks: { index: number; lines: string[] }[] = [];
  let open = false;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') {
      open = false;
      continue;
    }
    if (!open) blocks.push({ index, lines: [] });
    blocks.at(-1)?.lines.push(line);
    open = true;
  }
  return blocks;
}

function oneLine(label: string): string {
  return label.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function textLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
