import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { clusterSpeakers } from './cluster-speakers.ts';
import { LocalSpeakers } from './local-speakers.ts';
import type { OffsetRules } from './recording-offset.ts';
import type { SolveSettings } from './settings.ts';
import { finish } from './steps.ts';

const [D, FRAMES, PEOPLE] = [8, 50, 6];
const rest = {
  activity: { on: 0.5, shortest: 0.1 },
  tracks: { overlap: 0.5, similarity: 0.7, evidence: 0 },
  cluster: { rate: 1, saturation: 16, evidence: 4, shortestTrack: 0.1, shortestSpeaker: 1, leastShare: 0 },
  decode: { trust: 0.1, continuity: 2 },
  voices: {
    from: D,
    to: D,
    mean: new Float32Array(D),
    projection: Float32Array.from({ length: D * D }, (_, i) => (i % (D + 1) === 0 ? 1 : 0)),
    between: new Float32Array(D).fill(4),
  },
} as unknown as SolveSettings;

/**
 * Windows of one second in which six people speak in turn; each has a direction of their own, and all have `offset` in
 * common along the last.
 */
function recording(offset: number): LocalSpeakers {
  const random = seededRandom(65);
  const local = new LocalSpeakers({ frames: FRAMES, slots: 1, dimensions: D, hop: FRAMES }, { above: 0.5, frames: 5 });
  for (let window = 0; window < PEOPLE * 8; window++) {
    const voice = Float32Array.from({ length: D }, () => 0.6 * (random() - 0.5));
    voice[window % PEOPLE]! += 2.1;
    voice[D - 1]! += offset;
    local.add(new Float32Array(FRAMES).fill(1), voice);
  }
  return local;
}

const found = (offset: number, rules?: OffsetRules) =>
  finish(clusterSpeakers(recording(offset), { ...rest, offset: rules }, 0.02)).automatic;

describe('clustering speakers', () => {
  const directions = new Float32Array(D);
  directions[D - 1] = 1;

  it('finds people whom nothing but their voices tells apart', () => {
    expect(found(0)).toBe(PEOPLE);
    expect(found(0, { directions, variance: 4 })).toBe(PEOPLE);
  });

  it('merges people whose recordings have something in common, unless that is subtracted', () => {
    expect(found(8)).toBeLessThan(PEOPLE);
    expect(found(8, { directions, variance: 4 })).toBe(PEOPLE);
    expect(found(8, { directions, variance: 0 })).toBeLessThan(PEOPLE);
  });
});
