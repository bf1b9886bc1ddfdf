import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { OverlapAdder, windowWeight } from './overlap-add.ts';

describe('overlap-add', () => {
  it('is the weighted mean over the windows that cover a frame', () => {
    const law = fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(9999),
      (frames, hopUpTo, windows, speakers, seed) => {
        const hop = Math.min(hopUpTo, frames);
        const slots = 2;
        const random = seededRandom(seed);
        const weight = windowWeight(frames, 0.05);
        const activity = Array.from({ length: windows }, () => Float32Array.from({ length: frames * slots }, random));
        const speakerOf = activity.map(() =>
          Array.from({ length: slots }, () => Math.floor(random() * (speakers + 1)) - 1),
        );
        const total = (windows - 1) * hop + frames;
        const sum = new Float64Array(total * speakers);
        const trust = new Float64Array(total);
        for (let w = 0; w < windows; w++) {
          for (let f = 0; f < frames; f++) {
            const at = w * hop + f;
            trust[at] = (trust[at] ?? 0) + (weight[f] ?? 0);
            speakerOf[w]?.forEach((speaker, slot) => {
              if (speaker < 0) return;
              const i = at * speakers + speaker;
              sum[i] = (sum[i] ?? 0) + (weight[f] ?? 0) * (activity[w]?.[f * slots + slot] ?? 0);
            });
          }
        }
        const adder = new OverlapAdder({ frames, slots, speakers, weight });
        const rows: number[][] = [];
        activity.forEach((window, w) => {
          adder.add(window, speakerOf[w] ?? []);
          for (let i = 0; i < (w + 1 < windows ? hop : frames); i++) rows.push([...adder.take()]);
        });
        expect(rows).toHaveLength(total);
        rows.flat().forEach((score, i) => {
          expect(score).toBeCloseTo((sum[i] ?? 0) / (trust[Math.floor(i / speakers)] ?? 1), 5);
        });
      },
    );
    fc.assert(law, { seed: 6, numRuns: 150 });
  });

  it('gives the middle of a window the most weight, and its edges little', () => {
    const weight = windowWeight(50, 0.05);
    expect(weight[25]).toBeCloseTo(1.05, 2);
    expect(weight[0]).toBeGreaterThan(0.05);
    expect(weight[0]).toBeLessThan(0.06);
    expect([...weight].reverse().map((x) => x.toFixed(6))).toEqual([...weight].map((x) => x.toFixed(6)));
  });
});
