import { shorten } from '../printable.ts';
import { clock, ticks } from './axis.ts';
import { HUES, PALETTE } from './palette.ts';
import type { Timeline, TimelineRow } from './rows.ts';

const WIDTH = 1200;
const MARGIN = 24;
const LABELS = 170;
const TOTALS = 110;
const ROW = 34;
const BAR = 18;
const REFERENCE_BAR = 8;
const HEAD = 64;
const FOOT = 40;
const TICK_PIXELS = 80;
/** Minimum width of a turn, so that none disappears in a long recording. */
const NARROWEST = 1.2;
const CLOSE = 18;

/**
 * A timeline as an SVG image: one row per speaker, a time axis, the speaking time at the end of each row, a tooltip on
 * every turn. Readable on light and dark backgrounds (`prefers-color-scheme`) and without distinguishing colors. The
 * turns of a reference are thin bars above the row of the matched speaker; differences are marked below.
 *
 * @param title Shown above, and used as the image's name for screen readers.
 */
export function timelineSvg(timeline: Timeline, title: string): string {
  const { rows, duration, differences } = timeline;
  const compared = rows.some(({ role }) => role === 'reference');
  const tops: number[] = [];
  let bottom = HEAD;
  rows.forEach((row, i) => {
    const paired = row.role === 'found' && rows[i - 1]?.hue === row.hue;
    if (paired) bottom -= ROW - CLOSE;
    tops.push(bottom);
    bottom += ROW;
  });
  const plot = { left: MARGIN + LABELS, right: WIDTH - MARGIN - TOTALS, top: HEAD - 10, bottom };
  const scale = duration > 0 ? (plot.right - plot.left) / duration : 0;
  const x = (seconds: number) => round(plot.left + Math.max(0, seconds) * scale);
  const height = bottom + (compared ? 24 : 0) + FOOT;

  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="10"/>`,
    `<text class="title" x="${MARGIN}" y="32">${escapeXml(shorten(title, 100))}</text>`,
  ];
  for (const { seconds, label } of ticks(duration, Math.floor((plot.right - plot.left) / TICK_PIXELS))) {
    parts.push(
      `<line class="grid" x1="${x(seconds)}" x2="${x(seconds)}" y1="${plot.top}" y2="${height - FOOT + 4}"/>`,
      `<text class="tick" x="${x(seconds)}" y="${height - FOOT + 20}">${label}</text>`,
    );
  }
  rows.forEach((row, i) => {
    parts.push(...drawRow(row, tops[i] ?? 0, x, timeline));
  });
  if (compared) {
    parts.push(`<text class="small" x="${MARGIN}" y="${bottom + 10}">differs</text>`);
    for (const { start, end } of differences) {
      const width = Math.max(NARROWEST, round((end - start) * scale));
      parts.push(`<rect class="wrong" x="${x(start)}" y="${bottom + 2}" width="${width}" height="8"/>`);
    }
  }
  return `${parts.join('\n')}\n</svg>\n`;
}

function drawRow(row: TimelineRow, top: number, x: (seconds: number) => number, { duration }: Timeline): string[] {
  const reference = row.role === 'reference';
  const height = reference ? REFERENCE_BAR : BAR;
  const middle = top + height / 2;
  const hue = `s${row.hue % HUES}`;
  const percent = duration > 0 ? Math.round((100 * row.seconds) / duration) : 0;
  const parts = [
    `<g class="${hue}${reference ? ' reference' : ''}">`,
    `<text class="${reference ? 'small' : 'label'}" x="${MARGIN}" y="${middle + 4}">${escapeXml(shorten(row.label, 22))}</text>`,
  ];
  for (const { start, end } of row.segments) {
    const width = round(Math.max(NARROWEST, x(end) - x(start)));
    const tip = `${row.label} ${seconds(start)}–${seconds(end)} s`;
    parts.push(
      `<rect x="${x(start)}" y="${top}" width="${width}" height="${height}" rx="2"><title>${escapeXml(tip)}</title></rect>`,
    );
  }
  if (!reference) {
    parts.push(
      `<text class="total" x="${WIDTH - MARGIN}" y="${middle + 4}">${clock(row.seconds)} · ${percent} %</text>`,
    );
  }
  parts.push('</g>');
  return parts;
}

function style(): string {
  const hues = (colors: readonly string[]) => colors.map((color, i) => `.s${i} rect{fill:${color}}`).join('');
  const ground = (back: string, text: string, soft: string, line: string, wrong: string) =>
    `.ground{fill:${back}}text{fill:${text}}.tick,.small,.total{fill:${soft}}.grid{stroke:${line}}.wrong{fill:${wrong}}`;
  return [
    'text{font:14px system-ui,sans-serif}.title{font-size:16px;font-weight:600}.tick{font-size:12px;text-anchor:middle}',
    '.small{font-size:12px}.total{font-size:12px;text-anchor:end}.label{font-weight:600}.reference rect{opacity:.55}',
    ground('#ffffff', '#1f2430', '#5b6472', '#e3e6eb', '#c62828'),
    hues(PALETTE.light),
    `@media (prefers-color-scheme:dark){${ground('#14171d', '#e8eaee', '#9aa4b2', '#2b303a', '#ff7a6b')}${hues(PALETTE.dark)}}`,
  ].join('');
}

/** Text for an XML document: escapes markup and replaces characters that XML forbids. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function seconds(value: number): string {
  return value.toFixed(2);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
