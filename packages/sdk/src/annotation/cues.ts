import type { Segment } from '../contract/segment.ts';
import { toMilliseconds } from './time.ts';

/** A subtitle: a turn, an utterance of `groupWords`, or what a subtitle file says. */
export interface Cue extends Segment {
  readonly speaker?: string;
  /** Without text, the speaker's label is shown. */
  readonly text?: string;
}

/** A cue as it is written: whole milliseconds from 0, start < end. */
export interface WrittenCue {
  readonly start: number;
  readonly end: number;
  readonly speaker: string | undefined;
  /** At least one line, none of them blank; empty when the cue has no text. */
  readonly lines: readonly string[];
}

/**
 * Cues in the order that both formats want: by start, then by end. What begins before 0 begins at 0. A cue without
 * text that rounds to no milliseconds is left out; one with text lasts at least a millisecond.
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

/** `HH:MM:SS` and milliseconds; hours take more digits when they need them. */
export function timestamp(milliseconds: number, separator: ',' | '.'): string {
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${clock.map((part) => pad(part, 2)).join(':')}${separator}${pad(milliseconds % 1000, 3)}`;
}

const TIMING =
  /^[ \t]*(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})[ \t]*-->[ \t]*(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})(?:[ \t]|$)/;

/** The times of a `start --> end` line of SRT or VTT in seconds, or undefined. What follows the times is not looked at. */
export function parseTiming(line: string): Segment | undefined {
  const match = TIMING.exec(line);
  if (match === null) return undefined;
  const start = secondsOf(match.slice(1, 5));
  const end = secondsOf(match.slice(5, 9));
  return end >= start ? { start, end } : undefined;
}

function secondsOf([hours = '0', minutes = '0', seconds = '0', fraction = '0']: string[]): number {
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return (whole * 1000 + Number(fraction.padEnd(3, '0'))) / 1000;
}

/** Lines with their index, in groups parted by blank lines. */
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
