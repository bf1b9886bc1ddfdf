import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { label, PROPERTY, turnWith } from './fixtures/turns.ts';
import { parseSrt, toSrt } from './srt.ts';
import { parseVtt, toVtt } from './vtt.ts';

describe('SRT and WebVTT', () => {
  const cues = [
    { start: 3661.5, end: 3662, speaker: 'SPEAKER_01', text: 'a < b --> c & d\n\nmore' },
    { start: -1, end: 1.2345, speaker: 'Ada L' },
    { start: 2, end: 2, speaker: 'Ada L' },
    { start: 2, end: 2, speaker: 'Ada L', text: 'oh' },
  ];

  it('writes SRT: numbered, in order, without cues of length zero', () => {
    expect(toSrt(cues)).toBe(
      '1\n00:00:00,000 --> 00:00:01,235\n[Ada L]\n\n' +
        '2\n00:00:02,000 --> 00:00:02,001\n[Ada L]: oh\n\n' +
        '3\n01:01:01,500 --> 01:01:02,000\n[SPEAKER_01]: a < b -> c & d\nmore\n',
    );
    expect(toSrt([])).toBe('');
  });

  it('writes WebVTT with voice tags', () => {
    expect(toVtt(cues)).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.235\n<v Ada L>Ada L\n\n' +
        '00:00:02.000 --> 00:00:02.001\n<v Ada L>oh\n\n' +
        '01:01:01.500 --> 01:01:02.000\n<v SPEAKER_01>a &lt; b --&gt; c &amp; d\nmore\n',
    );
    expect(toVtt([])).toBe('WEBVTT\n');
  });

  const name = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((text) => text.replace(/[\s\p{Cc}\]]+/gu, '').replaceAll('-->', '') || 'A');
  const words = fc
    .string({ unit: fc.constantFrom('a', 'Ü', '字', '&', '<', '>', '&lt;', ' ', '1') })
    .map((text) => text.replace(/\s+/g, ' ').replaceAll('-->', '').trim());
  const cue = fc.tuple(turnWith(name), words).map(([{ start, end, speaker }, text]) => ({
    start,
    end,
    speaker,
    ...(text === '' || text === speaker ? {} : { text }),
  }));

  it.each([
    ['SRT', toSrt, parseSrt],
    ['WebVTT', toVtt, parseVtt],
  ])('%s: reads what it writes, in order', (_, write, parse) => {
    fc.assert(
      fc.property(fc.array(cue), (list) => {
        const sorted = [...list].sort((a, b) => a.start - b.start || a.end - b.end);
        const text = write(list);
        expect(parse(text)).toEqual(sorted);
        expect(parse(text.replaceAll('\n', '\r\n'))).toEqual(sorted);
      }),
      PROPERTY,
    );
  });

  it.each([
    ['SRT', toSrt, parseSrt],
    ['WebVTT', toVtt, parseVtt],
  ])('%s: cues are ordered and have a positive length, for any turns and texts', (_, write, parse) => {
    const anyCue = fc.record({
      start: fc.double({ min: -5, max: 20, noNaN: true }),
      end: fc.double({ min: -5, max: 20, noNaN: true }),
      speaker: label,
      text: fc.oneof(label, fc.constantFrom('00:00:01.000 --> 00:00:02.000', 'WEBVTT', 'NOTE', '\n\n', '[x]: y')),
    });
    fc.assert(
      fc.property(fc.array(anyCue), (list) => {
        const read = parse(write(list));
        for (const [i, { start, end }] of read.entries()) {
          expect(start).toBeGreaterThanOrEqual(Math.max(0, read[i - 1]?.start ?? 0));
          expect(end).toBeGreaterThan(start);
        }
        expect(read.length).toBeLessThanOrEqual(list.length);
      }),
      PROPERTY,
    );
  });

  it('reads SRT files of other tools', () => {
    const text = '\uFEFF00:00:01.5 --> 00:00:02,000  X1:0 Y1:0\nHi\nthere\n\n\n7\n00:01:00,000 --> 00:01:01,000\n';
    expect(parseSrt(text)).toEqual([
      { start: 1.5, end: 2, text: 'Hi\nthere' },
      { start: 60, end: 61 },
    ]);
  });

  it('reads WebVTT files of other tools', () => {
    const text =
      'WEBVTT - title\nKind: captions\n\nNOTE a\nnote\n\nSTYLE\n::cue {}\n\nid-1\n00:01.000 --> 00:02.000 align:start\n' +
      '<v.loud Ada><i>Hi</i> &amp; <00:01.500>bye</v><v Bob>No&#33;</v>\n\n00:03.000 --> 00:04.000\nplain\n';
    expect(parseVtt(text)).toEqual([
      { start: 1, end: 2, speaker: 'Ada', text: 'Hi & bye' },
      { start: 1, end: 2, speaker: 'Bob', text: 'No!' },
      { start: 3, end: 4, text: 'plain' },
    ]);
  });

  it.each([
    [() => parseSrt('1\nno times\n'), 'SRT line 2 is "no times": expected `HH:MM:SS,mmm --> HH:MM:SS,mmm`'],
    [() => parseSrt('1\n00:00:02,000 --> 00:00:01,000\nx'), /^SRT line 2 .*: the end is before the start$/],
    [() => parseVtt('WEBVTT\n\n00:02.000 --> 00:01.000\nx'), /^WebVTT line 3 .*: the end is before the start$/],
    [() => parseVtt('00:01.000 --> 00:02.000\nx'), 'WebVTT line 1'],
    [() => parseVtt('WEBVTT\n\n1 --> 2\nx'), /^WebVTT line 3 .*: expected `HH:MM:SS\.mmm --> HH:MM:SS\.mmm`$/],
    [() => parseVtt('WEBVTT\n00:01.000 --> 00:02.000\nx'), 'WebVTT line 2'],
  ])('names the invalid line (%#)', (parse, message) => {
    expect(parse).toThrow(VoiceFlowError);
    expect(parse).toThrow(message);
  });
});
