import { COLOURS, escapeXml, niceTicks, px, STYLE } from './svg.ts';

export interface Axis {
  readonly label: string;
  /** Where a value lies along the axis, 0–1. */
  readonly place: (value: number) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines?: readonly Series[];
  /** Bars from `from` to `to` along x. */
  readonly bars?: readonly { readonly from: number; readonly to: number; readonly value: number }[];
  /** A line that should not be crossed: a value of y, or of x. */
  readonly limit?: { readonly axis: 'x' | 'y'; readonly at: number; readonly text: string };
}

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 16;
const TOP = 56;
const BOTTOM = 48;

/** A chart as a self-contained SVG, readable on light and dark ground. */
export function renderChart(chart: Chart): string {
  const x = (value: number) => LEFT + (WIDTH - LEFT - RIGHT) * clamp(chart.x.place(value));
  const y = (value: number) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * clamp(chart.y.place(value));
  const bottom = HEIGHT - BOTTOM;
  const parts = [
    `<text class="title" x="${LEFT}" y="20">${escapeXml(chart.title)}</text>`,
    ...chart.y.ticks.map(
      ({ at, text }) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(at))}" y2="${px(y(at))}"/>` +
        `<text x="${LEFT - 6}" y="${px(y(at) + 4)}" text-anchor="end">${escapeXml(text)}</text>`,
    ),
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>`,
    ...chart.x.ticks.map(
      ({ at, text }) =>
        `<line class="axis" x1="${px(x(at))}" x2="${px(x(at))}" y1="${bottom}" y2="${bottom + 4}"/>` +
        `<text x="${px(x(at))}" y="${bottom + 17}" text-anchor="middle">${escapeXml(text)}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeXml(chart.x.label)}</text>`,
    `<text x="${LEFT}" y="${TOP - 12}">${escapeXml(chart.y.label)}</text>`,
    ...(chart.bars ?? []).map(({ from, to, value }) => {
      const width = Math.max(1, x(to) - x(from) - 1);
      return `<rect class="f0" x="${px(x(from))}" y="${px(y(value))}" width="${px(width)}" height="${px(bottom - y(value))}"/>`;
    }),
    ...(chart.lines ?? []).flatMap(({ points }, at) => {
      const colour = at % COLOURS;
      const path = points.map(([px_, py], i) => `${i === 0 ? 'M' : 'L'}${px(x(px_))} ${px(y(py))}`).join('');
      const dots =
        points.length > 24
          ? []
          : points.map(([a, b]) => `<circle class="f${colour}" cx="${px(x(a))}" cy="${px(y(b))}" r="3"/>`);
      return [`<path class="line s${colour}" d="${path}"/>`, ...dots];
    }),
    ...limitLine(chart, x, y),
    ...legend(chart.lines ?? []),
  ];
  const label = escapeXml(`${chart.title}: ${chart.y.label} by ${chart.x.label}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${STYLE}${parts.join('')}</svg>`;
}

function limitLine(chart: Chart, x: (value: number) => number, y: (value: number) => number): string[] {
  if (chart.limit === undefined) return [];
  const { axis, at, text } = chart.limit;
  const place = axis === 'x' ? chart.x.place(at) : chart.y.place(at);
  if (place > 1) return [];
  if (axis === 'y') {
    return [
      `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(at))}" y2="${px(y(at))}"/>`,
      `<text class="limit-text" x="${WIDTH - RIGHT}" y="${px(y(at) - 5)}" text-anchor="end">${escapeXml(text)}</text>`,
    ];
  }
  return [
    `<line class="limit" x1="${px(x(at))}" x2="${px(x(at))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
    `<text class="limit-text" x="${px(x(at) - 5)}" y="${TOP + 12}" text-anchor="end">${escapeXml(text)}</text>`,
  ];
}

/** Names in a row above the plot, right-aligned; one line needs none. */
function legend(lines: readonly Series[]): string[] {
  if (lines.length < 2) return [];
  const parts: string[] = [];
  let right = WIDTH - RIGHT;
  for (const [at, { name }] of [...lines.entries()].reverse()) {
    parts.push(`<text x="${right}" y="${TOP - 12}" text-anchor="end">${escapeXml(name)}</text>`);
    right -= 8 * name.length + 14;
    parts.push(`<circle class="f${at % COLOURS}" cx="${right + 6}" cy="${TOP - 16}" r="4"/>`);
    right -= 12;
  }
  return parts;
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}

/** From 0 to a round number that holds `most`. */
export function linearAxis(label: string, most: number, count?: number): Axis {
  const ticks = niceTicks(most, count);
  const end = ticks[ticks.length - 1] ?? 1;
  return { label, place: (value) => value / end, ticks: ticks.map((at) => ({ at, text: String(at) })) };
}

/** The values given, evenly spaced by their logarithm. */
export function logAxis(label: string, values: readonly number[]): Axis {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const [first, last] = [sorted[0] ?? 1, sorted[sorted.length - 1] ?? 10];
  const place = (value: number) => (last > first ? Math.log(value / first) / Math.log(last / first) : 0.5);
  return { label, place, ticks: sorted.map((at) => ({ at, text: String(at) })) };
}
