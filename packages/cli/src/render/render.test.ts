import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseRttm, type Turn } from 'voiceflow-ml/core';
import { clock, preciseClock, ticks } from './axis.ts';
import { PALETTE } from './palette.ts';
import { arrangeTimeline } from './rows.ts';
import { escapeXml, timelineSvg } from './svg.ts';
import { timelineText } from './terminal.ts';

const conversation = new URL('../../../../examples/audio/conversation.rttm', import.meta.url);
const reference = parseRttm(readFileSync(conversation, 'utf8'))[0]?.turns ?? [];
const turn = (speaker: string, start: number, end: number): Turn => ({ speaker, start, end });
const plain = { isTerminal: true, columns: 60, colorDepth: 1, unicode: true } as const;

describe('arrangeTimeline', () => {
  it('has a row per speaker in order of first appearance, with its total seconds', () => {
    const { rows, duration, differences } = arrangeTimeline([turn('B', 3, 4), turn('A', 0, 2), turn('B', 1, 2.5)]);
    expect(rows.map(({ label, seconds, hue }) => [label, seconds, hue])).toEqual([
      ['A', 2, 0],
      ['B', 2.5, 1],
    ]);
    expect(duration).toBe(4);
    expect(differences).toEqual([]);
  });

  it('places each hypothesis speaker below its reference speaker in the same color, and unmatched ones last', () => {
    const found = [turn('S0', 0, 5), turn('S1', 5, 8), turn('S2', 8, 9)];
    const truth = [turn('ada', 0, 5), turn('bob', 5, 8.5)];
    const mapping = new Map([
      ['S0', 'ada'],
      ['S1', 'bob'],
    ]);
    const { rows, differences } = arrangeTimeline(found, {
      reference: truth,
      mapping,
      names: new Map([['S0', 'Ada L.']]),
    });
    expect(rows.map(({ label, role, hue }) => [label, role, hue])).toEqual([
      ['ada', 'reference', 0],
      ['Ada L.', 'found', 0],
      ['bob', 'reference', 1],
      ['S1', 'found', 1],
      ['S2', 'found', 2],
    ]);
    expect(differences).toEqual([{ start: 8, end: 9 }]);
  });

  it('marks no difference between equal results, and all time as different without a mapping', () => {
    const mapping = new Map(['slt', 'rms', 'awb', 'kal16'].map((name) => [name, name]));
    expect(arrangeTimeline(reference, { reference, mapping }).differences).toEqual([]);
    const apart = arrangeTimeline([turn('x', 0, 1)], { reference: [turn('x', 0, 1)] });
    expect(apart.differences).toEqual([{ start: 0, end: 1 }]);
  });
});

describe('timelineText', () => {
  it('draws half cells, the axis, and the speech time', () => {
    const timeline = arrangeTimeline([turn('A', 0, 10), turn('B', 10.3, 20), turn('A', 30, 30.01)], { duration: 40 });
    expect(timelineText(timeline, { ...plain, columns: 56 })).toBe(
      [
        '   0:00      0:10      0:20      0:30',
        'A  ▀▀▀▀▀▀▀▀▀▀····················▘·········  0:10  25 %',
        'B  ··········▝▀▀▀▀▀▀▀▀▀····················  0:10  24 %',
        '',
      ].join('\n'),
    );
  });

  it.each([40, 80, 120, 300])('keeps every line within %d columns, for any label', (columns) => {
    const long = [...reference, turn('a voice with a very long name indeed', 3, 4)];
    const mapping = new Map([['rms', 'rms']]);
    const text = timelineText(arrangeTimeline(long, { reference, mapping }), { ...plain, columns });
    for (const line of text.trimEnd().split('\n')) expect(line.length).toBeLessThan(Math.max(columns, 62));
  });

  it('draws the same in ASCII and without turns, and uses color only where supported', () => {
    const timeline = arrangeTimeline(reference);
    const ascii = timelineText(timeline, { ...plain, unicode: false });
    expect(ascii).toMatch(/^[\n -~]+$/);
    expect(timelineText(arrangeTimeline([]), plain)).toMatch(/^ +0:00\n$/);
    expect(timelineText(timeline, plain)).not.toContain('\u001b');
    for (const colorDepth of [4, 8, 24]) {
      const colored = timelineText(timeline, { ...plain, colorDepth });
      expect(stripVTControlCharacters(colored)).toBe(timelineText(timeline, plain));
      expect(colored).toContain('\u001b[');
    }
  });

  it('removes control characters of labels', () => {
    const text = timelineText(arrangeTimeline([turn('a\u001b[2Jb\n', 0, 1)]), plain);
    expect(text).toContain('a\ufffd[2Jb\ufffd');
  });
});

describe('timelineSvg', () => {
  it('draws each turn once, with its times as a tooltip, and escapes text', () => {
    const svg = timelineSvg(arrangeTimeline([turn('<b>&"', 1, 2.5), turn('<b>&"', 3, 4)]), 'a < b & c');
    expect(svg.match(/<rect x=/g)).toHaveLength(2);
    expect(svg).toContain('<title>&#60;b&#62;&#38;&#34; 1.00–2.50 s</title>');
    expect(svg).toContain('aria-label="a &#60; b &#38; c"');
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('is well-formed with finite positive sizes for an empty, a very short and a very long recording', () => {
    const day = [turn('A', 0, 0.01), turn('B', 86_399.9, 86_400)];
    for (const turns of [[], [turn('A', 0, 0)], [turn('A', 0, 1e-6)], day, reference]) {
      const svg = timelineSvg(arrangeTimeline(turns, { reference: turns }), '');
      expect(svg).not.toMatch(/NaN|Infinity|undefined|="-/);
      const open = svg.match(/<(svg|g|text|title|style|rect|line)\b[^>]*(?<!\/)>/g)?.length;
      expect(svg.match(/<\/\w+>/g)).toHaveLength(open ?? 0);
    }
  });

  it('replaces characters that XML does not allow', () => {
    expect(escapeXml('a\u0000b\ud800c😀\tд')).toBe('a\ufffdb\ufffdc😀\tд');
  });
});

describe('axis', () => {
  it('has round steps, and at most the requested number besides the first', () => {
    expect(ticks(77, 8).map(({ label }) => label)).toEqual([
      '0:00',
      '0:10',
      '0:20',
      '0:30',
      '0:40',
      '0:50',
      '1:00',
      '1:10',
    ]);
    expect(ticks(4 * 3600, 8).at(-1)?.label).toBe('4:00:00');
    for (const duration of [0.01, 1, 59, 3601, 86_400, 1e7]) expect(ticks(duration, 7).length).toBeLessThanOrEqual(8);
  });

  it('formats times', () => {
    expect([clock(59.6), clock(3599), clock(3661)]).toEqual(['1:00', '59:59', '1:01:01']);
    expect([preciseClock(0.0004), preciseClock(59.9996), preciseClock(3725.25)]).toEqual([
      '0:00:00.000',
      '0:01:00.000',
      '1:02:05.250',
    ]);
  });
});

describe('PALETTE', () => {
  /** Relative luminance and contrast as WCAG 2.2 defines them. */
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((i) => Number.parseInt(color.slice(i, i + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  it.each([
    ['light', '#ffffff'],
    ['dark', '#14171d'],
  ] as const)('has enough contrast on a %s background', (scheme, ground) => {
    for (const color of PALETTE[scheme]) {
      const [low, high] = [luminance(color), luminance(ground)].sort((a, b) => a - b) as [number, number];
      expect((high + 0.05) / (low + 0.05), color).toBeGreaterThanOrEqual(3);
    }
  });
});
