import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { matchVoices } from './match.ts';
import { type Voice, VoiceBook } from './voice-book.ts';

const SPACE = 'test-space';
const vector = (...values: number[]) => Float32Array.from(values);
const unit = (degrees: number) => vector(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
const known = (name: string, degrees: number, space = SPACE) => ({ name, embedding: unit(degrees), space });
const length = (values: Float32Array) => Math.hypot(...values);

describe('VoiceBook', () => {
  it('averages samples weighted by seconds, at unit length', () => {
    const book = new VoiceBook(SPACE).enroll('Ada', [
      { embedding: unit(0), seconds: 3 },
      { embedding: vector(0, 7), seconds: 1 },
    ]);
    const [ada] = book.voices;
    expect(ada).toMatchObject({ name: 'Ada', space: SPACE, seconds: 4, samples: 2 });
    expect(ada?.embedding[0]).toBeCloseTo(3 / Math.sqrt(10), 6);
    expect(ada?.embedding[1]).toBeCloseTo(1 / Math.sqrt(10), 6);
    expect(ada?.consistency).toBeCloseTo(Math.sqrt(10) / 4, 6);
  });

  it('computes the same voice in one call or several, in any order', () => {
    const sample = fc.record({
      embedding: fc
        .array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
        .map((v) => vector(...v)),
      seconds: fc.double({ min: 0.5, max: 60, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 6 }), (samples) => {
        const [once] = new VoiceBook(SPACE).enroll('x', samples).voices as [Voice];
        const [step] = samples.toReversed().reduce((book, one) => book.enroll('x', [one]), new VoiceBook(SPACE))
          .voices as [Voice];
        expect(step.samples).toBe(once.samples);
        expect(step.seconds).toBeCloseTo(once.seconds, 6);
        expect(step.consistency).toBeCloseTo(once.consistency, 5);
        for (const [i, value] of step.embedding.entries())
          expect(value).toBeCloseTo(once.embedding[i] ?? Number.NaN, 5);
        expect(length(once.embedding)).toBeCloseTo(1, 6);
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it('is immutable', () => {
    const empty = new VoiceBook(SPACE);
    const one = empty.enroll('Ada', [{ embedding: unit(0) }]);
    const two = one.enroll('Bob', [{ embedding: unit(90) }]);
    expect([empty, one, two].map(({ voices }) => voices.length)).toEqual([0, 1, 2]);
    expect(two.remove('Ada').voices.map(({ name }) => name)).toEqual(['Bob']);
    expect(two.remove('nobody')).toBe(two);
    expect(() => (two.voices as Voice[]).pop()).toThrow(TypeError);
  });

  it('normalizes names: composed, without surrounding blanks', () => {
    const book = new VoiceBook(SPACE).enroll('  Zoe\u0308 ', [{ embedding: unit(0) }]);
    const again = book.enroll('Zo\u00eb', [{ embedding: unit(10) }]);
    expect(again.voices.map(({ name, samples }) => [name, samples])).toEqual([['Zo\u00eb', 2]]);
    expect(again.remove('Zoe\u0308').voices).toEqual([]);
    for (const name of ['a\u202eb', 'a\u0007b', '\ud800', ' ', '']) {
      expect(() => book.enroll(name, [{ embedding: unit(0) }])).toThrow('printable characters');
    }
  });

  it('renames a voice, but not to an existing name', () => {
    const book = new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(0) }]).enroll('Bob', [{ embedding: unit(90) }]);
    expect(book.rename('Ada', ' Ada L ').voices.map(({ name }) => name)).toEqual(['Ada L', 'Bob']);
    expect(book.rename('Ada', 'Ada').voices).toEqual(book.voices);
    expect(() => book.rename('Ada', 'Bob')).toThrow('the book already has a voice "Bob"');
    expect(() => book.rename('Cy', 'Di')).toThrow('the book has no voice "Cy"');
  });

  it('identifies a voice, or returns no match', () => {
    const book = new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(0) }]).enroll('Bob', [{ embedding: unit(40) }]);
    expect(book.identify(unit(5), { threshold: 0.8 })).toEqual({ name: 'Ada', score: expect.closeTo(0.9962, 4) });
    expect(book.identify(unit(100), { threshold: 0.8 })).toEqual({ score: expect.closeTo(0.5, 4) });
    expect(book.identify(unit(19), { threshold: 0.8, margin: 0.1 })).toEqual({ score: expect.closeTo(0.9455, 4) });
    expect(book.identify(unit(19), { threshold: 0.8 }).name).toBe('Ada');
    expect(new VoiceBook(SPACE).identify(unit(0), { threshold: 0 })).toEqual({ score: -1 });
  });

  it('reads the JSON that it writes exactly', () => {
    const values = fc
      .array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 })
      .filter((v) => Math.hypot(...v) > 0.01);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), values), { maxLength: 4 }), (list) => {
        const named = list.filter(([name]) => name.trim() !== '' && !/\p{Cc}/u.test(name));
        const samples = new Map(named);
        let book = new VoiceBook(SPACE);
        for (const [name, value] of samples) book = book.enroll(name, [{ embedding: vector(...value), seconds: 2.5 }]);
        const read = VoiceBook.parse(JSON.stringify(book));
        expect(read.space).toBe(SPACE);
        expect(read.voices.map(({ embedding, ...rest }) => ({ ...rest, embedding: [...embedding] }))).toEqual(
          book.voices.map(({ embedding, consistency, ...rest }) => ({
            ...rest,
            consistency: expect.closeTo(consistency, 6),
            embedding: [...embedding],
          })),
        );
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  const json = new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(30) }]).toJSON();
  const [voice] = json.voices;
  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'it is not valid JSON'],
    ['another file', { turns: [] }, 'format is undefined'],
    ['a list', [], 'the book is not an object'],
    ['a newer version', { ...json, version: 2 }, 'is of version 2, expected 1'],
    ['no space', { ...json, space: '' }, 'space is missing'],
    ['no voices', { ...json, voices: {} }, 'voices is not a list'],
    ['no voice', { ...json, voices: [null] }, 'voices[0] is not an object'],
    ['no name', { ...json, voices: [{ ...voice, name: 7 }] }, 'voices[0].name is not a string'],
    ['an empty name', { ...json, voices: [{ ...voice, name: ' ' }] }, 'the name is " "'],
    ['no seconds', { ...json, voices: [{ ...voice, seconds: -1 }] }, 'voices[0].seconds'],
    ['no count', { ...json, voices: [{ ...voice, samples: 0.5 }] }, 'voices[0].samples'],
    ['no consistency', { ...json, voices: [{ ...voice, consistency: 2 }] }, 'voices[0].consistency'],
    ['text for numbers', { ...json, voices: [{ ...voice, embedding: ['1'] }] }, 'voices[0].embedding'],
    ['an empty vector', { ...json, voices: [{ ...voice, embedding: [] }] }, 'the embedding of voices[0]'],
    ['a zero vector', { ...json, voices: [{ ...voice, embedding: [0, 0] }] }, 'zero or not finite'],
    [
      'other dimensions',
      { ...json, voices: [voice, { ...voice, name: 'Bob', embedding: [1] }] },
      'expected a Float32Array of 2',
    ],
    [
      'endless speech',
      { ...json, voices: [{ ...voice, seconds: Number.POSITIVE_INFINITY }] },
      'seconds is not above 0',
    ],
    ['a name twice', { ...json, voices: [voice, voice] }, 'the name "Ada" is in the voice book twice'],
  ])('rejects an invalid book: %s', (_, book, message) => {
    expect(() => VoiceBook.parse(book)).toThrow(VoiceFlowError);
    expect(() => VoiceBook.parse(book)).toThrow(message);
  });

  it('throws only VoiceFlowError for any input', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (any, item) => {
        for (const value of [
          any,
          { ...json, voices: any },
          { ...json, voices: [item] },
          { ...json, voices: [{ ...voice, embedding: item }] },
        ]) {
          try {
            VoiceBook.parse(value);
          } catch (error) {
            expect(VoiceFlowError.isInstance(error) && error.code).toBe('invalid-option');
          }
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'another space',
      () => new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(0) }], 'other'),
      '"other", expected "test-space"',
    ],
    ['no samples', () => new VoiceBook(SPACE).enroll('Ada', []), 'no samples'],
    [
      'seconds of 0',
      () => new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(0), seconds: 0 }]),
      'samples[0].seconds is 0',
    ],
    ['a NaN', () => new VoiceBook(SPACE).enroll('Ada', [{ embedding: vector(Number.NaN, 1) }]), 'zero or not finite'],
    [
      'another dimension',
      () => new VoiceBook(SPACE).enroll('Ada', [{ embedding: unit(0) }, { embedding: vector(1) }]),
      'samples[1] is 1 values',
    ],
    [
      'samples that cancel out',
      () => new VoiceBook(SPACE).enroll('Ada', [{ embedding: vector(1, 0) }, { embedding: vector(-1, 0) }]),
      'cancel each other out',
    ],
    ['no space', () => new VoiceBook(''), 'needs the name of its embedding space'],
    [
      'a control character',
      () => new VoiceBook(SPACE).enroll('A\nB', [{ embedding: unit(0) }]),
      'printable characters',
    ],
  ])('rejects the enrollment: %s', (_, enroll, message) => {
    expect(enroll).toThrow(VoiceFlowError);
    expect(enroll).toThrow(message);
  });
});

describe('matchVoices', () => {
  const options = { space: SPACE, threshold: 0.5 };

  it('assigns each name once, with the best total score', () => {
    const voices = [known('Ada', 0), known('Bob', 50)];
    // Both are nearest to Ada; the second is the nearer one, the first may be Bob.
    const matches = matchVoices([unit(20), unit(5)], voices, options);
    expect(matches.map(({ name }) => name)).toEqual(['Bob', 'Ada']);
    expect(matchVoices([unit(20), unit(5)], voices, { ...options, unique: false }).map(({ name }) => name)).toEqual([
      'Ada',
      'Ada',
    ]);
  });

  it('leaves a speaker unknown if its best name is taken', () => {
    const matches = matchVoices([unit(10), unit(-10)], [known('Ada', 5), known('Bob', 170)], options);
    expect(matches.map(({ name }) => name)).toEqual(['Ada', undefined]);
    expect(matches[1]?.score).toBeCloseTo(Math.cos((15 * Math.PI) / 180), 6);
  });

  it('applies the margin only to names that are not taken', () => {
    const voices = [known('Ada', 0), known('Bob', 30)];
    const close = { ...options, margin: 0.2 };
    expect(matchVoices([unit(14)], voices, close).map(({ name }) => name)).toEqual([undefined]);
    expect(matchVoices([unit(14), unit(31)], voices, close).map(({ name }) => name)).toEqual(['Ada', 'Bob']);
  });

  it('treats several voices with one name as one', () => {
    const voices = [known('Ada', 0), known('Ada', 60), known('Bob', 120)];
    const matches = matchVoices([unit(58), unit(2)], voices, { ...options, margin: 0.3 });
    expect(matches.map(({ name }) => name)).toEqual([undefined, 'Ada']);
    expect(matchVoices([unit(58)], voices, { ...options, margin: 0.3 })[0]?.name).toBe('Ada');
  });

  it('normalizes vectors, and accepts empty lists', () => {
    expect(matchVoices([vector(5, 0)], [{ ...known('Ada', 0), embedding: vector(3, 0) }], options)).toEqual([
      { name: 'Ada', score: 1 },
    ]);
    expect(matchVoices([], [known('Ada', 0)], options)).toEqual([]);
    expect(matchVoices([unit(0)], [], options)).toEqual([{ score: -1 }]);
  });

  it('assigns no name twice, and none below the threshold', () => {
    const degrees = fc.array(fc.integer({ min: 0, max: 359 }), { maxLength: 6 });
    fc.assert(
      fc.property(degrees, degrees, fc.double({ min: -1, max: 1, noNaN: true }), (speakers, voices, threshold) => {
        const book = voices.map((angle, i) => known(`v${i}`, angle));
        const matches = matchVoices(speakers.map(unit), book, { space: SPACE, threshold });
        const names = matches.flatMap(({ name }) => name ?? []);
        expect(new Set(names).size).toBe(names.length);
        expect(matches.every(({ name, score }) => name === undefined || score >= threshold)).toBe(true);
      }),
      { seed: 9, numRuns: 300 },
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'another space',
      () => matchVoices([unit(0)], [known('Ada', 0, 'other')], options),
      'voice "Ada" is of the embedding space "other"',
    ],
    [
      'another dimension',
      () => matchVoices([vector(1, 0, 0)], [known('Ada', 0)], options),
      'voice "Ada" is 2 values, expected a Float32Array of 3',
    ],
    ['a bad vector', () => matchVoices([vector(0, 0)], [known('Ada', 0)], options), 'zero or not finite'],
    ['a bad threshold', () => matchVoices([], [], { ...options, threshold: Number.NaN }), 'threshold is NaN'],
    ['a bad margin', () => matchVoices([], [], { ...options, margin: -1 }), 'margin is -1'],
    [
      'no vector',
      () => matchVoices([undefined as unknown as Float32Array], [known('Ada', 0)], options),
      'is undefined, expected a Float32Array',
    ],
  ])('rejects %s', (_, match, message) => {
    expect(match).toThrow(VoiceFlowError);
    expect(match).toThrow(message);
  });
});
