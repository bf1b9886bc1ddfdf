import type { Segment } from 'voiceflow-ml/core';
import { printable, shorten } from '../printable.ts';
import type { Screen } from '../screen.ts';
import { clock, ticks } from './axis.ts';
import { type Paint, paintFor } from './palette.ts';
import type { Timeline, TimelineRow } from './rows.ts';

const LONGEST_LABEL = 24;
const FEWEST_CELLS = 20;
const MOST_CELLS = 240;
/** Cells between two axis labels. */
const TICK_CELLS = 10;

/**
 * Glyphs for the left half, the right half and both. The reference fills the lower part of a line and the result the
 * upper part, so that the two rows of a pair touch.
 */
const GLYPHS = {
  reference: { left: '▖', right: '▗', both: '▄' },
  found: { left: '▘', right: '▝', both: '▀' },
} as const;
const ASCII = { reference: '=', found: '#' } as const;

/**
 * A timeline for the terminal: one line per speaker with a precision of half a cell, an axis above, the speaking time
 * at the end. Fits into `screen.columns`, and is readable without colors.
 */
export function timelineText(timeline: Timeline, screen: Screen): string {
  const paint = paintFor(screen.colorDepth);
  const compared = timeline.rows.some(({ role }) => role === 'reference');
  const labels = timeline.rows.map((row) => labelOf(row, compared));
  const gutter = Math.min(LONGEST_LABEL, Math.max(compared ? 6 : 0, ...labels.map((label) => label.length))) + 2;
  const totals = timeline.rows.map((row) => spokenOf(row, timeline.duration));
  const tail = Math.max(0, ...totals.map((total) => total.length)) + 2;
  const cells = Math.max(FEWEST_CELLS, Math.min(MOST_CELLS, screen.columns - 1 - gutter - tail));
  const lines = [`${' '.repeat(gutter)}${paint.faint(axis(timeline.duration, cells))}`];
  timeline.rows.forEach((row, i) => {
    const label = shorten(labels[i] ?? '', gutter - 2).padEnd(gutter);
    const name = row.role === 'reference' ? paint.faint(label) : paint.hue(row.hue, label);
    const bar = drawRow(row, timeline.duration, cells, screen.unicode, paint);
    lines.push(`${name}${bar}${paint.faint((totals[i] ?? '').padStart(tail))}`);
  });
  if (compared) lines.push(differenceLine(timeline, gutter, cells, screen.unicode, paint));
  return `${lines.join('\n')}\n`;
}

function labelOf({ label, role }: TimelineRow, compared: boolean): string {
  const shown = printable(label);
  return compared && role === 'found' ? `  ${shown}` : shown;
}

function spokenOf({ seconds }: TimelineRow, duration: number): string {
  const percent = duration > 0 ? Math.round((100 * seconds) / duration) : 0;
  return `${clock(seconds)} ${String(percent).padStart(3)} %`;
}

function axis(duration: number, cells: number): string {
  let line = '';
  for (const { seconds, label } of ticks(duration, Math.floor(cells / TICK_CELLS))) {
    const at = duration > 0 ? Math.floor((seconds / duration) * cells) : 0;
    if (at + label.length > cells || at < line.length) continue;
    line = line.padEnd(at) + label;
  }
  return line;
}

function drawRow(row: TimelineRow, duration: number, cells: number, unicode: boolean, paint: Paint): string {
  const halves = coverHalves(row.segments, duration, cells * 2);
  const glyphs = GLYPHS[row.role];
  let line = '';
  let run = '';
  let inside = false;
  const flush = () => {
    line += inside ? paint.hue(row.hue, run) : paint.faint(run);
    run = '';
  };
  for (let cell = 0; cell < cells; cell++) {
    const [left, right] = [halves[2 * cell] === 1, halves[2 * cell + 1] === 1];
    if ((left || right) !== inside) flush();
    inside = left || right;
    if (!inside) run += unicode ? '·' : '.';
    else if (!unicode) run += ASCII[row.role];
    else run += left && right ? glyphs.both : left ? glyphs.left : glyphs.right;
  }
  flush();
  return line;
}

function differenceLine(timeline: Timeline, gutter: number, cells: number, unicode: boolean, paint: Paint): string {
  // Boundaries are often a few frames off, so only differences that fill half a cell are marked.
  const halves = coverHalves(timeline.differences, timeline.duration, cells * 2, { keepShort: false });
  const marks = Array.from({ length: cells }, (_, cell) =>
    halves[2 * cell] || halves[2 * cell + 1] ? (unicode ? '▴' : '^') : ' ',
  );
  return `${paint.faint('differs'.padEnd(gutter))}${paint.alarm(marks.join('').trimEnd())}`;
}

/**
 * Which of `count` equal parts of the time are mostly covered. With `keepShort`, a segment too short for that marks the
 * part of its middle.
 */
function coverHalves(
  segments: readonly Segment[],
  duration: number,
  count: number,
  { keepShort }: { readonly keepShort: boolean } = { keepShort: true },
): Uint8Array {
  const on = new Uint8Array(count);
  const scale = duration > 0 ? count / duration : 0;
  for (const { start, end } of segments) {
    const [from, to] = [Math.round(start * scale), Math.round(end * scale)];
    if (to > from) on.fill(1, Math.max(0, from), Math.min(count, to));
    else if (keepShort) on[Math.min(count - 1, Math.max(0, Math.floor(((start + end) / 2) * scale)))] = 1;
  }
  return on;
}
