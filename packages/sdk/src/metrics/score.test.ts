import { describe, expect, it } from 'vitest';
import { Annotation } from '../annotation/annotation.ts';
import { parseRttm } from '../annotation/rttm.ts';
import { Timeline } from '../annotation/timeline.ts';
import { parseUem } from '../annotation/uem.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Turn } from '../contract/segment.ts';
import { type ScoreOptions, scoreDiarization } from './score.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });
const rttm = (...turns: Turn[]): string =>
  turns
    .map(
      ({ start, end, speaker }) => `SPEAKER f 1 ${start} ${(end - start).toFixed(3)} <NA> <NA> ${speaker} <NA> <NA>\n`,
    )
    .join('');

/** [scored, miss, false alarm, confusion, DER] of the total, as md-eval prints them. */
function figures(reference: string, hypothesis: string, options: ScoreOptions): (number | null)[] {
  const { total } = scoreDiarization(parseRttm(reference), parseRttm(hypothesis), options);
  return [total.scored, total.miss, total.falseAlarm, total.confusion, total.der && Math.round(total.der * 100) / 100];
}

describe('the reference figures of pyannote.metrics (tests/test_diarization.py)', () => {
  const reference = [turn(0, 10, 'A'), turn(12, 20, 'B'), turn(24, 27, 'A'), turn(30, 40, 'C')];
  const hypothesis = [turn(2, 13, 'a'), turn(13, 14, 'd'), turn(14, 20, 'b'), turn(22, 38, 'c'), turn(38, 40, 'd')];

  it('DER 0.5161290322580645', () => {
    const { total, files } = scoreDiarization(reference, hypothesis);
    expect(total).toMatchObject({ confusion: 7, falseAlarm: 7, miss: 2, scored: 31 });
    expect((total.der ?? 0) / 100).toBeCloseTo(0.5161290322580645, 12);
    expect(files.audio?.mapping).toEqual({ a: 'A', b: 'B', c: 'C' });
  });

  it('with overlap, and without it', () => {
    const overlapping = [turn(0, 13, 'A'), ...reference.slice(1)];
    expect(scoreDiarization(overlapping, hypothesis).total.scored).toBe(34);
    expect(scoreDiarization(overlapping, hypothesis, { skipOverlap: true }).total.scored).toBe(32);
  });

  it('with a total collar of 1 s, 0.5 s on each side', () => {
    expect(scoreDiarization([turn(0, 10, 'A')], [], { collar: 0.5 }).total).toMatchObject({
      scored: 9,
      miss: 9,
      der: 100,
    });
  });
});

describe('the mapping', () => {
  it('contains no pair without common time', () => {
    const { files } = scoreDiarization([turn(0, 2, 'A'), turn(4, 6, 'B')], [turn(0, 1, 'x'), turn(2, 3, 'y')]);
    expect(files.audio?.mapping).toEqual({ x: 'A' });
  });
});

describe('the rules of md-eval', () => {
  // Cases of our own making; the figures are md-eval-22's.
  const A = [turn(0, 3, 'A'), turn(3, 5, 'B'), turn(6, 10, 'A')];
  const uem = parseUem('f 1 0 12');
  const x = [turn(0, 5, 'x'), turn(6, 10, 'x')];

  it.each<[string, Turn[], Turn[], ScoreOptions, (number | null)[]]>([
    ['an equal hypothesis', A, A, { uem, collar: 0.25 }, [7.5, 0, 0, 0, 0]],
    [
      'turns of no length have collars',
      [...A, turn(2, 2, 'B'), turn(5.5, 5.5, 'C')],
      A,
      { uem, collar: 0.25 },
      [7, 0, 0, 0, 0],
    ],
    [
      'a reference of one turn of no length',
      [turn(1, 1, 'A')],
      [turn(1, 1.5, 'A')],
      { uem, collar: 0.25 },
      [0, 0, 0.25, 0, null],
    ],
    [
      'collars between touching turns of one speaker',
      [turn(0, 2, 'A'), turn(2, 4, 'A'), turn(4, 6, 'A')],
      [turn(0, 6, 'x')],
      { uem, collar: 0.25 },
      [4.5, 0, 0, 0, 0],
    ],
    [
      'a speaker over himself counts once',
      [turn(0, 5, 'A')],
      [turn(0, 3, 'x'), turn(2, 5, 'x')],
      { uem },
      [5, 0, 0, 0, 0],
    ],
    [
      '… but is overlap to be skipped',
      [turn(0, 3, 'A'), turn(2, 5, 'A'), turn(6, 7, 'B')],
      [turn(0, 5, 'x'), turn(6, 7, 'y')],
      { uem, skipOverlap: true },
      [5, 0, 0, 0, 0],
    ],
    [
      'the best mapping is no greedy one',
      [turn(0, 6, 'A'), turn(6, 11, 'A'), turn(11, 16, 'B')],
      [turn(0, 6, 'x'), turn(6, 11, 'y'), turn(11, 16, 'x')],
      { uem: parseUem('f 1 0 20') },
      [16, 0, 0, 6, 37.5],
    ],
    ['no collar at the edge of the UEM', A, A, { uem: parseUem('f 1 1 8'), collar: 0.25 }, [5, 0, 0, 0, 0]],
    ['a UEM without speech', A, A, { uem: parseUem('f 1 20 30') }, [0, 0, 0, 0, null]],
    [
      'overlap everywhere',
      [turn(0, 5, 'A'), turn(0, 5, 'B')],
      [turn(0, 5, 'x')],
      { uem, skipOverlap: true },
      [0, 0, 0, 0, null],
    ],
    ['the extent of the reference', A, [...A, turn(11, 20, 'C')], { extent: 'reference' }, [9, 0, 0, 0, 0]],
    ['the extent of both', A, [...A, turn(11, 20, 'C')], {}, [9, 0, 9, 0, 100]],
    [
      'a UEM for another file: the extent of the reference',
      A,
      [...A, turn(11, 12, 'C')],
      { uem: parseUem('g 1 0 10') },
      [9, 0, 0, 0, 0],
    ],
  ])('%s', (_, reference, hypothesis, options, expected) => {
    expect(figures(rttm(...reference), rttm(...hypothesis), options)).toEqual(expected);
  });

  it.each<[number, (number | null)[], (number | null)[]]>([
    [0, [6, 0, 0, 1, 16.67], [7.5, 0, 0, 2, 26.67]],
    [0.25, [5, 0, 0, 0.75, 15], [6, 0, 0, 1.5, 25]],
    [0.5, [4, 0, 0, 0.5, 12.5], [5, 0, 0, 1, 20]],
  ])('NOSCORE and NON-LEX with a collar of %f s', (collar, noscore, nonlex) => {
    const zone = (type: string, times: string) =>
      `${type} f 1 ${times} <NA> ${type === 'NON-LEX' ? 'laugh A' : '<NA> <NA>'} <NA> <NA>\n`;
    expect(figures(zone('NOSCORE', '1 3') + rttm(...A), rttm(...x), { uem, collar })).toEqual(noscore);
    expect(figures(zone('NON-LEX', '1 0.5') + rttm(...A), rttm(...x), { uem, collar })).toEqual(nonlex);
  });

  it('drops directories and the first extension of names in the UEM, with a warning', () => {
    const score = (name: string, entry: string) => {
      const recording = (turns: Turn[]) => [{ uri: name, turns }];
      const hypothesis = [turn(0, 2, 'x'), turn(4, 4.5, 'x')];
      return scoreDiarization(recording([turn(0, 3, 'A')]), recording(hypothesis), { uem: parseUem(`${entry} 1 0 5`) });
    };
    expect(score('a', '/audio/a.wav').total).toMatchObject({ scored: 3, miss: 1, falseAlarm: 0.5 });
    expect(score('a', 'a.wav').warnings).toEqual([]);
    const dotted = score('a.b.c', 'a.b.c');
    expect(dotted.total).toMatchObject({ scored: 3, miss: 1, falseAlarm: 0 });
    expect(dotted.warnings.map(({ message }) => message)).toEqual([expect.stringContaining('not in the UEM')]);
    // dscore takes the name as it stands.
    expect(dotted.total.jer).toBeCloseTo(42.857143, 6);
  });

  it('unites entries of the UEM that denote one recording', () => {
    const reference = [{ uri: 'a', turns: [turn(0, 10, 'A'), turn(10, 20, 'B')] }];
    const hypothesis = [{ uri: 'a', turns: [turn(0, 12, 'x'), turn(12, 20, 'y')] }];
    const score = (...lines: string[]) => {
      const { total } = scoreDiarization(reference, hypothesis, { uem: parseUem(lines.join('\n')) });
      return { der: total.der, jer: total.jer };
    };
    const once = score('a 1 0 20');
    expect(score('a.wav 1 0 20', 'a 1 0 20')).toEqual(once);
    expect(score('x/a 1 10 20', 'a.wav 1 0 20').der).toBe(once.der);
    expect(once.jer).toBeGreaterThan(15);
  });

  it('excludes a recording without reference from the total, with a warning', () => {
    const hypothesis = [
      { uri: 'f', turns: A },
      { uri: 'g', turns: [turn(0, 5, 'z')] },
    ];
    const { files, total, warnings } = scoreDiarization([{ uri: 'f', turns: A }], hypothesis);
    expect(total).toEqual({ der: 0, miss: 0, falseAlarm: 0, confusion: 0, scored: 9, jer: 0 });
    expect(files.g).toEqual({ der: null, miss: 0, falseAlarm: 5, confusion: 0, scored: 0, jer: 100, mapping: {} });
    expect(warnings).toHaveLength(1);
    expect(scoreDiarization([{ uri: 'f', turns: A }], hypothesis, { extent: 'reference' }).files.g).toBeUndefined();
  });

  it('sums recordings, and averages the JER over all their speakers', () => {
    const reference = [
      { uri: 'f', turns: A },
      { uri: 'g', turns: [turn(0, 5, 'z')] },
    ];
    const { files, total } = scoreDiarization(reference, [{ uri: 'f', turns: A }]);
    expect(total).toMatchObject({ scored: 14, miss: 5 });
    expect(total.der).toBeCloseTo(35.714286, 6);
    expect(total.jer).toBeCloseTo(33.333333, 6);
    expect([files.f?.jer, files.g?.jer]).toEqual([0, 100]);
  });
});

describe('scoreDiarization', () => {
  it('accepts annotations, turns, recordings, and a file named __proto__', () => {
    const turns = [turn(0, 1, 'A')];
    expect(scoreDiarization(new Annotation(turns, 'm'), [{ uri: 'm', turns }]).files.m?.der).toBe(0);
    expect(scoreDiarization(turns, { turns }).files.audio?.der).toBe(0);
    expect(Object.keys(scoreDiarization([{ uri: '__proto__', turns }], []).files)).toEqual(['__proto__']);
    expect(scoreDiarization([], []).total).toEqual({
      der: null,
      miss: 0,
      falseAlarm: 0,
      confusion: 0,
      scored: 0,
      jer: 0,
    });
  });

  it('scores each channel of a file separately, as md-eval does', () => {
    const reference = [
      { uri: 'f', channel: '1', turns: [turn(0, 4, 'A')] },
      { uri: 'f', channel: '2', turns: [turn(2, 6, 'B')] },
    ];
    const hypothesis = [
      { uri: 'f', channel: '1', turns: [turn(2, 6, 'x')] },
      { uri: 'f', channel: '2', turns: [turn(0, 4, 'y')] },
    ];
    // What md-eval 22 gives for these lines: 50 %.
    expect(scoreDiarization(reference, hypothesis, { extent: 'reference' }).total.der).toBe(50);
    const { files, total } = scoreDiarization(reference, hypothesis);
    expect(Object.keys(files)).toEqual(['f 1', 'f 2']);
    expect(total).toMatchObject({ der: 100, miss: 4, falseAlarm: 4, scored: 8 });
    const one = new Timeline([{ start: 0, end: 4 }]);
    expect(scoreDiarization(reference, hypothesis, { uem: new Map([['f 1', one]]) }).files['f 1']?.der).toBe(50);
    const halves = new Map([
      ['f.wav', one],
      ['f', new Timeline([{ start: 4, end: 6 }])],
    ]);
    expect(scoreDiarization(reference, hypothesis, { uem: halves }).total).toEqual(total);
    const { files: both } = scoreDiarization(reference, hypothesis, { uem: new Map([['dir/f.wav', one]]) });
    expect([both['f 1']?.der, both['f 2']?.der]).toEqual([50, 100]);
  });

  it('ignores the channel if a file has only one, since some tools count from 0', () => {
    const turns = [turn(0, 1, 'A')];
    const { total } = scoreDiarization([{ uri: 'f', channel: '0', turns }], [{ uri: 'f', channel: '1', turns }]);
    expect(total.der).toBe(0);
  });

  it('scores tens of thousands of turns', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => turn(i, i + 0.9, `s${i % 40}`));
    expect(scoreDiarization(many, many, { collar: 0.25, skipOverlap: true }).total.der).toBe(0);
  });

  it.each([
    [{ collar: -1 }, 'collar is -1'],
    [{ collar: Number.NaN }, 'collar is NaN'],
    [{ extent: 'all' as 'union' }, 'extent is all'],
  ])('rejects %j', (options, message) => {
    expect(() => scoreDiarization([], [], options)).toThrow(VoiceFlowError);
    expect(() => scoreDiarization([], [], options)).toThrow(message);
  });

  it('rejects invalid times and excessive numbers of speakers', () => {
    expect(() => scoreDiarization([turn(0, Number.NaN, 'A')], [])).toThrow('reference audio: turns[0].end is NaN');
    const crowd = Array.from({ length: 1001 }, (_, i) => turn(i, i + 1, `s${i}`));
    expect(() => scoreDiarization([], crowd)).toThrow('hypothesis audio has 1001 speakers');
  });
});
