import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Turn } from '../contract/segment.ts';
import { label, NBSP, PROPERTY, turnWith } from './fixtures/turns.ts';
import { parseTurnsJson, turnsToJson } from './json.ts';
import { parseRttm, toRttm, toRttmFile } from './rttm.ts';
import { parseSrt } from './srt.ts';
import { Timeline } from './timeline.ts';
import { parseUem, toUem } from './uem.ts';
import { parseVtt } from './vtt.ts';

const rounded = (turns: readonly Turn[]) =>
  turns.map((turn) => ({ ...turn, start: Number(turn.start.toFixed(3)), end: Number(turn.end.toFixed(3)) }));

describe('RTTM', () => {
  it('writes one SPEAKER line per turn', () => {
    const turns = [
      { start: 0.0004, end: 1.5, speaker: 'SPEAKER_00', confidence: 0.91234 },
      { start: 1.5, end: 2, speaker: 'Ada L' },
      { start: 3, end: 3.0004, speaker: 'gone' },
    ];
    expect(toRttm(turns, 'my meeting')).toBe(
      'SPEAKER my%20meeting 1 0.000 1.500 <NA> <NA> SPEAKER_00 0.912 <NA>\n' +
        'SPEAKER my%20meeting 1 1.500 0.500 <NA> <NA> Ada%20L <NA> <NA>\n',
    );
  });

  it('reads what it writes, for any names', () => {
    fc.assert(
      fc.property(fc.array(turnWith(label), { minLength: 1 }), label, (turns, uri) => {
        const [recording, ...others] = parseRttm(toRttm(turns, uri));
        expect(others).toEqual([]);
        expect(recording?.uri).toBe(uri);
        expect(rounded(recording?.turns ?? [])).toEqual(turns);
      }),
      PROPERTY,
    );
  });

  it('keeps adjacent turns adjacent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 9, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (lengths) => {
          const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((sum, length) => sum + length, 0));
          const turns = ends.map((end, i) => ({ start: ends[i - 1] ?? 0, end, speaker: 'A' }));
          const [recording] = parseRttm(toRttm(turns));
          const read = rounded(recording?.turns ?? []);
          expect(read.every(({ start }, i) => i === 0 || start === read[i - 1]?.end)).toBe(true);
        },
      ),
      PROPERTY,
    );
  });

  it.each(['<NA> <NA>', '- -', 'NA', 'N/A n/a', 'nan <NA>', 'None None', 'inf', '0.5 unknown', 'null', ''])(
    'accepts %j after the speaker',
    (more) => {
      const [recording] = parseRttm(`SPEAKER f 1 0 1 <NA> <NA> Ada ${more}`);
      expect(recording?.turns).toMatchObject([{ start: 0, end: 1, speaker: 'Ada' }]);
    },
  );

  it('accepts tabs, CRLF, comments, a byte order mark, other types, short lines, and several files', () => {
    const text =
      '\uFEFF;; a comment\r\n\r\n# another\r\nSPKR-INFO f 1 <NA> <NA> <NA> adult_male A <NA> <NA>\r\n' +
      'SPEAKER\tf\t1\t1.0\t2.5\t<NA>\t<NA>\tA\t<NA>\t<NA>\r\n  speaker g 2 .5* 1e1 <NA> <NA> B 0.5\r\n' +
      'SPEAKER f 1 4 <NA> <NA> <NA> A\nNOSCORE f 1 2 3 <NA> <NA> <NA> <NA>\nNON-LEX f 1 9 1 <NA> laugh A <NA>';
    expect(parseRttm(text)).toEqual([
      {
        uri: 'f',
        channel: '1',
        turns: [
          { start: 1, end: 3.5, speaker: 'A' },
          { start: 4, end: 4, speaker: 'A' },
        ],
        noScore: [
          { start: 2, end: 5, type: 'NOSCORE' },
          { start: 9, end: 10, type: 'NON-LEX' },
        ],
      },
      { uri: 'g', channel: '2', turns: [{ start: 0.5, end: 10.5, speaker: 'B', confidence: 0.5 }], noScore: [] },
    ]);
  });

  it('separates fields only at ASCII blanks, and keeps percent signs of other tools', () => {
    const [recording] = parseRttm(`SPEAKER f 1 0 1 <NA> <NA> Jo${NBSP}Ann%41%zz%E9 <NA> <NA>`);
    expect(recording?.turns[0]?.speaker).toBe(`Jo${NBSP}Ann%41%zz%E9`);
  });

  it.each([
    ['SPEAKER my call.wav 1 0.000 4.000 <NA> <NA> Ann <NA> <NA>', 'my call.wav', 'Ann'],
    ['SPEAKER my call.wav 1 0.000 4.000 <NA> <NA> Ann', 'my call.wav', 'Ann'],
    ['SPEAKER my call.wav 1 0.000 4.000 <NA> <NA> Ann 0.5', 'my call.wav', 'Ann', 0.5],
    ['SPEAKER call 7 of May A 0 4 <NA> <NA> Ann Lee 0.5 <NA>', 'call 7 of May', 'Ann Lee', 0.5],
    ['SPEAKER call 1 0 4 <NA> <NA> Ann Lee <NA> <NA>', 'call', 'Ann Lee'],
    ['SPEAKER 1 2 3 1 0 4 <NA> <NA> 5 6 <NA> <NA>', '1 2 3', '5 6'],
  ])('reads names with blanks as other tools write them: %s', (line, uri, speaker, confidence?: number) => {
    const turn = { start: 0, end: 4, speaker, ...(confidence === undefined ? {} : { confidence }) };
    expect(parseRttm(line)).toMatchObject([{ uri, turns: [turn] }]);
  });

  it('separates the channels of a file', () => {
    const text = 'SPEAKER f 1 0 1 <NA> <NA> A\nSPEAKER f 2 0 1 <NA> <NA> B\nSPEAKER f 1 2 1 <NA> <NA> A';
    expect(parseRttm(text).map(({ uri, channel, turns }) => [uri, channel, turns.length])).toEqual([
      ['f', '1', 2],
      ['f', '2', 1],
    ]);
  });

  it('writes several recordings', () => {
    const recordings = [
      { uri: 'a', turns: [{ start: 0, end: 1, speaker: 'x' }] },
      { uri: 'b', turns: [{ start: 0, end: 2, speaker: 'y' }] },
    ];
    expect(parseRttm(toRttmFile(recordings))).toEqual(
      recordings.map((item) => ({ ...item, channel: '1', noScore: [] })),
    );
  });

  it.each([
    ['<html>', 1, 'expected SPEAKER'],
    ['SPEAKER f 1 0 1 <NA> <NA> A\nSPEAKER f 1 0', 2, 'at least 8 fields, found 4'],
    ['\n\nSPEAKER f 1 zero 1 <NA> <NA> A', 3, 'start in seconds'],
    ['SPEAKER f 1 0x10 1 <NA> <NA> A', 1, 'start in seconds'],
    ['SPEAKER f 1 0 -1 <NA> <NA> A', 1, 'duration of at least 0 s'],
    ['SPEAKER my call 1 0 4 <NA> <NA> Ann Bo 0.5', 1, 'expected 10 fields, the last two numbers or <NA>'],
    [
      'SPEAKER f 1 0 1 <NA> <NA> Ada L <NA>',
      1,
      'expected 10 fields, the last two numbers or <NA>; write spaces in names as %20',
    ],
    [
      'SPEAKER f 1 0 1 <NA> <NA> Ada L',
      1,
      'expected 10 fields, the last two numbers or <NA>; write spaces in names as %20',
    ],
    ['SPEAKER a 1 0 4 <NA> <NA> 1 0 4 <NA> <NA> Ann', 1, 'expected 10 fields'],
    ['SPEAKER my call 4 Ann Bo Cy Di Ed Flo Gus', 1, 'expected 10 fields'],
    ['SPEAKER f 1 0 NaN <NA> <NA> A', 1, 'duration of at least 0 s'],
    ['SPEAKER f 1 0 1e999 <NA> <NA> A', 1, 'times of at most 1000000000 s'],
    ['SPEAKER f 1 0 1e300 <NA> <NA> A', 1, 'times of at most 1000000000 s'],
    ['SPEAKER f 1 -2e9 1 <NA> <NA> A', 1, 'times of at most 1000000000 s'],
    ['SPEAKER f 1 NaN 1e300 <NA> <NA> A', 1, 'start in seconds'],
  ])('names the invalid line: %j', (text, line, what) => {
    expect(() => parseRttm(text)).toThrow(`RTTM line ${line} is `);
    expect(() => parseRttm(text)).toThrow(what);
  });
});

describe('UEM', () => {
  it('reads what it writes', () => {
    const uem = new Map([
      ['a b', new Timeline([{ start: 0, end: 1.5 }])],
      [
        'c',
        new Timeline([
          { start: 2, end: 3 },
          { start: 4, end: 5 },
        ]),
      ],
    ]);
    expect(toUem(uem)).toBe('a%20b 1 0.000 1.500\nc 1 2.000 3.000\nc 1 4.000 5.000\n');
    expect(parseUem(toUem(uem))).toEqual(uem);
  });

  it('separates the channels of a file', () => {
    expect([...parseUem('f 1 0 4\nf 2 1 2\ng 2 0 1\n').keys()]).toEqual(['f 1', 'f 2', 'g']);
  });

  it('merges regions, and accepts comments, tabs, CRLF', () => {
    const uem = parseUem(';; x\r\nf\t1\t0\t4\r\nf 1 4 6\r\n\r\nf 1 5 7 extra\r\ng 1 1,000 2,000\r\n');
    expect([...uem].map(([uri, timeline]) => [uri, timeline.segments])).toEqual([
      ['f', [{ start: 0, end: 7 }]],
      ['g', [{ start: 1000, end: 2000 }]],
    ]);
  });

  it.each([
    ['f 1 0', 1, 'expected 4 fields'],
    ['f 1 0 1\nf 1 2 1', 2, 'start ≤ end'],
    ['f 1 a b', 1, 'start ≤ end'],
  ])('names the invalid line: %j', (text, line, what) => {
    expect(() => parseUem(text)).toThrow(`UEM line ${line} is `);
    expect(() => parseUem(text)).toThrow(what);
  });
});

describe('JSON', () => {
  it('reads what it writes, as a list, as an object, as text', () => {
    fc.assert(
      fc.property(fc.array(turnWith(label)), (turns) => {
        const json = turnsToJson(turns);
        expect(json).toEqual(turns);
        expect(parseTurnsJson(json)).toEqual(turns);
        expect(parseTurnsJson(JSON.stringify({ duration: 1, turns: json }))).toEqual(turns);
      }),
      PROPERTY,
    );
  });

  it('rounds times', () => {
    expect(turnsToJson([{ start: 0.12345, end: 1.00049, speaker: 'A', confidence: 0.98765 }])).toEqual([
      { start: 0.123, end: 1, speaker: 'A', confidence: 0.988 },
    ]);
  });

  it.each([
    ['{', 'the text is not valid JSON'],
    ['{}', 'has no turns'],
    ['[1]', 'turns[0] is number'],
    ['[{"start":0,"end":1}]', 'turns[0].speaker is undefined'],
    ['[{"start":"0","end":1,"speaker":"A"}]', 'turns[0].start is "0"'],
  ])('rejects %s', (text, what) => {
    expect(() => parseTurnsJson(text)).toThrow(VoiceFlowError);
    expect(() => parseTurnsJson(text)).toThrow(what);
  });
});

describe('adversarial text', () => {
  const samples = [
    'SPEAKER f 1 0.0 1.5 <NA> <NA> A 0.5 <NA>\nNOSCORE f 1 0 1 <NA> <NA> <NA> <NA>\n',
    'f 1 0.000 12.5\n',
    '1\n00:00:01,000 --> 00:00:02,000\n[A]: b\n\n',
    'WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>b &lt;\n',
    '{"turns":[{"start":0,"end":1,"speaker":"A","confidence":0.5}]}',
  ];
  const readers = { parseRttm, parseUem, parseSrt, parseVtt, parseTurnsJson };

  it.each(Object.entries(readers))('%s returns or throws invalid-option', (_, read) => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(120), fc.nat(6), fc.string({ maxLength: 6 })), { maxLength: 5 }),
      )
      .map(([text, edits]) =>
        edits.reduce((now, [at, cut, put]) => now.slice(0, at) + put + now.slice(at + cut), text),
      );
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' }), fc.anything() as fc.Arbitrary<string>), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(VoiceFlowError.isInstance(error) && error.code).toBe('invalid-option');
        }
      }),
      { seed: 666, numRuns: 2000 },
    );
  });

  it.each([
    ['digits', `SPEAKER f 1 ${'1'.repeat(300_000)}x 1 <NA> <NA> A`],
    ['tags', `WEBVTT\n\n00:01.000 --> 00:02.000\n${'<v '.repeat(300_000)}`],
    ['blanks in a tag', `WEBVTT\n\n00:01.000 --> 00:02.000\n<v${' '.repeat(300_000)}`],
    ['brackets', `1\n00:00:01,000 --> 00:00:02,000\n${'['.repeat(300_000)}`],
    ['blanks', `1\n${' '.repeat(300_000)}00:00:01,000`],
    ['percents', `SPEAKER ${'%e2%80'.repeat(100_000)} 1 0 1 <NA> <NA> A`],
  ])('long %s take linear time', (_, text) => {
    // Quadratic readers would sit here for minutes and run into the runner's limit.
    for (const read of Object.values(readers)) {
      try {
        read(text);
      } catch (error) {
        expect(VoiceFlowError.isInstance(error)).toBe(true);
        expect((error as Error).message.length).toBeLessThan(400);
      }
    }
  });
});
