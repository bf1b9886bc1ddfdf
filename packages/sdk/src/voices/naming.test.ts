import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { labelSpeakers, leastScore, type NamingOptions, nameVoices } from './naming.ts';

const DIMENSIONS = 16;
const BETWEEN = 4;
const projection = new Float32Array(DIMENSIONS * DIMENSIONS);
for (let i = 0; i < DIMENSIONS; i++) projection[i * DIMENSIONS + i] = 1;
const voices = {
  from: DIMENSIONS,
  to: DIMENSIONS,
  mean: new Float32Array(DIMENSIONS),
  projection,
  between: new Float32Array(DIMENSIONS).fill(BETWEEN),
};

/** People drawn from the voice space, with two embeddings each. */
function people(count: number, seed: number) {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, (_, i) => {
    const center = Float32Array.from({ length: DIMENSIONS }, () => Math.sqrt(BETWEEN) * normal());
    const sample = () => center.map((x) => x + 0.5 * normal());
    return {
      known: { name: `p${i}`, space: 's', embedding: sample(), seconds: 20 },
      speaker: { embedding: sample(), seconds: 10 },
    };
  });
}

// The scale at which these voices' directions stand in their space.
const evidence = { rate: 0.5, saturation: 16, scale: Math.sqrt(BETWEEN * DIMENSIONS) };

/** `at` and `width` as the measurement finds them: on other people than they are tried on. */
function fitted(): NamingOptions {
  const all = people(400, 1);
  const rules = { at: 0, width: 1, evidence };
  const score = (i: number, j: number) => {
    const [match] = nameVoices([all[i]?.speaker as never], [all[j]?.known as never], {
      space: 's',
      voices,
      rules: { ...rules, at: -1e9 },
    });
    return match?.score ?? 0;
  };
  const best = (book: number) => {
    const scores = all.map((_, i) =>
      Math.max(...Array.from({ length: book }, (__, k) => score(i, (i + 1 + k * 7) % 400))),
    );
    return scores.sort((a, b) => b - a)[8] as number;
  };
  const [one, twenty] = [best(1), best(20)];
  return { space: 's', voices, rules: { ...rules, at: one, width: (twenty - one) / Math.log(20) } };
}

describe('nameVoices', () => {
  const options = fitted();

  it.each([1, 5, 20, 60])('names few unknown speakers and most known ones, with a book of %i', (size) => {
    const all = people(500, 2);
    let [strangers, right, wrong] = [0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const book = Array.from(
        { length: size },
        (_, k) => all[(i + 1 + 7 * k) % 500]?.known as (typeof all)[0]['known'],
      );
      const { speaker, known } = all[i] as (typeof all)[0];
      if (nameVoices([speaker], book, options)[0]?.name !== undefined) strangers++;
      const name = nameVoices([speaker], [known, ...book.slice(1)], options)[0]?.name;
      if (name === known.name) right++;
      else if (name !== undefined) wrong++;
    }
    expect(strangers / 300).toBeLessThan(0.045);
    expect(right / 300).toBeGreaterThan(0.9);
    expect(wrong).toBeLessThanOrEqual(2);
  });

  it('requires a higher score for a larger book, a lower rate or less speech', () => {
    const { rules } = options;
    expect(leastScore(rules, 20, 0.02)).toBeGreaterThan(leastScore(rules, 1, 0.02));
    expect(leastScore(rules, 20, 0.02)).toBeGreaterThan(leastScore(rules, 20, 0.1));
    expect(leastScore(rules, 1, 0.02)).toBeCloseTo(rules.at);
    const [ada] = people(1, 3);
    const speaker = (seconds: number) => [{ embedding: ada?.speaker.embedding as Float32Array, seconds }];
    const score = (seconds: number) =>
      nameVoices(speaker(seconds), [ada?.known as never], { ...options, rules: { ...rules, at: -1e9 } })[0]?.score;
    expect(score(10)).toBeGreaterThan(score(1) as number);
  });

  it('removes the directions common to recordings of one kind', () => {
    // The first dimension says how it was recorded: everybody of these recordings is far from the mean there.
    const all = people(300, 6).map(({ known, speaker }) => {
      const shifted = (vector: Float32Array) => vector.map((x, i) => (i === 0 ? 8 + x : x));
      return {
        known: { ...known, embedding: shifted(known.embedding) },
        speaker: { ...speaker, embedding: shifted(speaker.embedding) },
      };
    });
    const first = new Float32Array(DIMENSIONS);
    first[0] = 1;
    const { rules } = options;
    const blind = { ...options, rules: { ...rules, evidence: { ...evidence, nuisance: first } } };
    const named = (how: NamingOptions) =>
      all.filter(({ speaker }, i) => nameVoices([speaker], [all[(i + 1) % 300]?.known as never], how)[0]?.name).length;
    expect(named(options)).toBeGreaterThan(100);
    expect(named(blind)).toBeLessThan(10);
    const right = all.filter(
      ({ speaker, known }) => nameVoices([speaker], [known], blind)[0]?.name === known.name,
    ).length;
    expect(right).toBeGreaterThan(290);
  });

  it('gives no name if two voices of the book match', () => {
    const [ada, other] = people(2, 4);
    const twin = { ...(ada?.known as NonNullable<typeof ada>['known']), name: 'twin' };
    const book = [ada?.known, other?.known].filter((voice) => voice !== undefined);
    const speaker = [ada?.speaker].filter((voice) => voice !== undefined);
    expect(nameVoices(speaker, book, options)[0]?.name).toBe('p0');
    expect(nameVoices(speaker, [...book, twin], options)[0]?.name).toBeUndefined();
  });

  it('gives no name for a zero embedding, and rejects an invalid rate', () => {
    const [ada] = people(1, 5);
    const known = [ada?.known].filter((voice) => voice !== undefined);
    const silent = { embedding: new Float32Array(DIMENSIONS), seconds: 3 };
    expect(nameVoices([silent], known, options)[0]?.name).toBeUndefined();
    expect(nameVoices([silent], [], options)).toEqual([{ score: -1 }]);
    for (const falseNames of [0, 0.6, Number.NaN, '0.02' as unknown as number]) {
      expect(() => nameVoices([], known, { ...options, falseNames })).toThrow('falseNames is');
    }
  });
});

describe('labelSpeakers', () => {
  it('skips numbered labels that are known names', () => {
    const known = [{ name: 'SPEAKER_00', space: 's', embedding: new Float32Array(1) }];
    const stranger = { score: 0 };
    expect(labelSpeakers([stranger, { name: 'SPEAKER_00', score: 1 }, stranger], known)).toEqual([
      'SPEAKER_03',
      'SPEAKER_00',
      'SPEAKER_02',
    ]);
    expect(labelSpeakers([stranger, stranger], known)).toEqual(['SPEAKER_02', 'SPEAKER_01']);
    expect(labelSpeakers([stranger, stranger], [])).toEqual(['SPEAKER_00', 'SPEAKER_01']);
  });
});
