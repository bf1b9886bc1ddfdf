import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifest } from './fixtures/scripted.ts';
import { fastCnnSettings } from './settings.ts';
import { packNumbers } from './settings-reader.ts';

describe('settings', () => {
  it('are read from a manifest', () => {
    const settings = fastCnnSettings(manifest({ hop: 0.5 }));
    expect(settings.hop).toBe(0.5);
    expect(settings.tracks).toEqual({ overlap: 0.5, similarity: 0.6, evidence: 0 });
    expect([settings.voices.from, settings.voices.to]).toEqual([16, 16]);
  });

  it('keep packed numbers within 1/32,767 of the largest', () => {
    const voices = manifest().settings.voices as object;
    const number = fc.float({ min: -1000, max: 1000, noNaN: true });
    const law = fc.property(fc.array(number, { minLength: 16, maxLength: 16 }), (values) => {
      const mean = packNumbers(Float32Array.from(values));
      const read = fastCnnSettings(manifest({ voices: { ...voices, mean } })).voices.mean;
      const largest = Math.max(...values.map(Math.abs));
      values.forEach((value, i) => {
        expect(Math.abs((read[i] as number) - value)).toBeLessThanOrEqual(largest / 32_767 + 1e-6);
      });
    });
    fc.assert(law, { seed: 31, numRuns: 100 });
  });

  it('read the naming rules, with or without nuisance directions', () => {
    const evidence = { rate: 1, saturation: 16, scale: 0.8 };
    const known = (more: object) =>
      fastCnnSettings(manifest({ known: { at: -5, width: 6, evidence: { ...evidence, ...more } } })).known;
    expect(known({})).toEqual({ at: -5, width: 6, evidence });
    const nuisance = packNumbers(new Float32Array(32).fill(0.25));
    expect(known({ nuisance }).evidence?.nuisance).toHaveLength(32);
    const short = packNumbers(new Float32Array(15).fill(0.25));
    expect(() => known({ nuisance: short })).toThrow(
      'settings.known.evidence.nuisance is 15 numbers, expected a multiple of 16',
    );
  });

  it('read the variance of the offset of recordings, together with its directions', () => {
    const evidence = { rate: 1, saturation: 16, scale: 0.8 };
    const nuisance = packNumbers(new Float32Array(16).fill(0.25));
    const { cluster } = manifest({}).settings as { cluster: object };
    const offset = (more: object, variance = 2) =>
      fastCnnSettings(
        manifest({
          cluster: { ...cluster, offset: variance },
          known: { at: -5, width: 6, evidence: { ...evidence, ...more } },
        }),
      ).offset;
    expect(fastCnnSettings(manifest({})).offset).toBeUndefined();
    expect(offset({ nuisance })).toMatchObject({ variance: 2 });
    expect(offset({ nuisance })?.directions).toHaveLength(16);
    expect(() => offset({})).toThrow('settings.cluster.offset is 2 without known.evidence.nuisance');
    expect(() => offset({ nuisance }, -1)).toThrow('settings.cluster.offset is -1');
  });

  it.each([
    [{ hop: '0.24' }, 'settings.hop is "0.24", expected a number from 0.02 to 1'],
    [{ turns: null }, 'settings.turns.onset is absent'],
    [{ voices: { between: 3 } }, 'settings.voices.between is number, expected a list of numbers'],
  ])('reject %j', (change, message) => {
    expect(() => fastCnnSettings(manifest(change))).toThrow(message);
  });
});
