import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, printable } from './printable.ts';
import { arrangeTimeline } from './render/rows.ts';
import { timelineSvg } from './render/svg.ts';
import { table } from './render/table.ts';
import { timelineText } from './render/terminal.ts';

/** Text with what terminals obey, what turns its direction, and what XML forbids. */
const hostile = fc.string({
  unit: fc.constantFrom(
    ...'a <&>"\u0000\u0007\u001b\u007f\u009b\u009d\u2028\u202e\u2066\u200f\ufffe\uffff\ud800\u{1f600}é\n\t\r'.split(''),
    '\u001b]0;owned\u0007',
    '\u001b[2J',
  ),
  maxLength: 20,
});
const OBEYED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/u;
const screen = { isTerminal: true, columns: 80, colorDepth: 1, unicode: true };

describe('printable', () => {
  it('removes all terminal control characters from any text', () => {
    const law = fc.property(hostile, (text) => {
      expect(printable(text)).not.toMatch(OBEYED);
      expect(oneLine(text)).not.toMatch(OBEYED);
      expect(printable(text, true).replace(/[\n\t]/g, '')).not.toMatch(OBEYED);
      const timeline = arrangeTimeline([{ start: 0, end: 1, speaker: text }]);
      for (const shown of [timelineText(timeline, screen), table([['name'], [text]])]) {
        expect(shown.replaceAll('\n', '')).not.toMatch(OBEYED);
      }
    });
    fc.assert(law, { seed: 11, numRuns: 500 });
  });

  it('keeps ordinary text', () => {
    for (const text of ['Zoë', '会議 (1).wav', 'naïve – “quoted”', 'a\u200db', '👩‍👩‍👧'])
      expect(printable(text)).toBe(text);
    expect(printable('a\tb\nc', true)).toBe('a\tb\nc');
  });
});

describe('timelineSvg', () => {
  it('is valid XML for any names', () => {
    const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
    const law = fc.property(hostile, hostile, (title, label) => {
      const svg = timelineSvg(arrangeTimeline([{ start: 0, end: 1, speaker: label }]), title);
      expect(svg).not.toMatch(forbidden);
      expect(svg.match(/<title>/g)).toHaveLength(2);
      expect(svg.replace(/<\/?(?:svg|title|style|rect|text|line|g)\b[^<>]*>/g, '')).not.toMatch(/[<>]/);
    });
    fc.assert(law, { seed: 12, numRuns: 500 });
  });
});
