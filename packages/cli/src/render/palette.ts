/**
 * Colors that people with any color vision can distinguish (Okabe & Ito 2008, "Color Universal Design"), darkened for a
 * light background and lightened for a dark one until each has a contrast of 3:1. Each speaker also has a row and a
 * label, so that no reader depends on color.
 */
export const PALETTE = {
  light: ['#0072b2', '#c97b00', '#00866a', '#b8578d', '#d55e00', '#2b8fc4', '#7d6fc4', '#6b7280'],
  dark: ['#4aa8e0', '#e69f00', '#1fbf94', '#dd94bd', '#ef7f35', '#7cc8f0', '#a99cf0', '#a3adba'],
} as const;

/** Colors for a terminal, whose background is unknown: visible on black and on white. */
const TERMINAL = ['#2f92d0', '#d98b00', '#00a37c', '#c86aa0', '#df6a1a', '#56b4e9', '#9183dd', '#8b95a1'] as const;

/** The nearest of the 16 basic colors, for terminals with no others: blue, yellow, green, magenta, red, cyan … */
const ANSI_16 = [34, 33, 32, 35, 31, 36, 95, 90] as const;

/** Number of different colors. Further speakers reuse them. */
export const HUES = PALETTE.light.length;

export interface Paint {
  /** Colors text in the color of a speaker. */
  hue(index: number, text: string): string;
  faint(text: string): string;
  bold(text: string): string;
  alarm(text: string): string;
}

/** @param depth Color depth of the terminal in bits: 1 for none, 4, 8 or 24. */
export function paintFor(depth: number): Paint {
  if (depth <= 1) {
    const plain = (text: string) => text;
    return { hue: (_, text) => plain(text), faint: plain, bold: plain, alarm: plain };
  }
  const wrap = (codes: string, text: string) => (text === '' ? '' : `\u001b[${codes}m${text}\u001b[0m`);
  return {
    hue: (index, text) => wrap(hueCodes(index % HUES, depth), text),
    faint: (text) => wrap('2', text),
    bold: (text) => wrap('1', text),
    alarm: (text) => wrap('31', text),
  };
}

function hueCodes(index: number, depth: number): string {
  if (depth < 8) return String(ANSI_16[index]);
  const rgb = Number.parseInt((TERMINAL[index] ?? '#000000').slice(1), 16);
  const [r, g, b] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  if (depth >= 24) return `38;2;${r};${g};${b}`;
  const level = (value: number) => Math.round((value / 255) * 5);
  return `38;5;${16 + 36 * level(r) + 6 * level(g) + level(b)}`;
}
