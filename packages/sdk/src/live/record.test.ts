import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { SpeechMask } from '../stages/speech.ts';
import { SessionRecord } from './record.ts';

const SHAPE = { frames: 50, slots: 2, dimensions: 16, hop: 12 };
const KEEP = { above: 0.5, frames: 5 };
const NOBODY = new Float32Array(32);

/** Two of three windows, by slot. */
function speaks(window: number, slot: number): boolean {
  return (window + slot) % 3 !== 0;
}

function windows(count: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({
    start: i * SHAPE.hop,
    activity: Float32Array.from({ length: 100 }, (_, at) => (speaks(i, at % 2) ? random() : 0.4 * random())),
    embeddings: Float32Array.from({ length: 32 }, () => random() - 0.5),
  }));
}

function recordOf(given: ReturnType<typeof windows>, most?: number): SessionRecord {
  const record = new SessionRecord(SHAPE, KEEP, most);
  for (const { start, activity, embeddings } of given) record.add(start, activity, embeddings);
  return record;
}

describe('SessionRecord', () => {
  it('returns the stored outputs up to the quantization', () => {
    const given = windows(40, 1);
    const record = recordOf(given);
    expect(record.local.windows).toBe(40);
    given.forEach(({ activity, embeddings }, w) => {
      record.local.activity(w).forEach((p, i) => {
        expect(Math.abs(p - (activity[i] as number))).toBeLessThanOrEqual(0.5 / 255 + 1e-6);
      });
      for (const slot of [0, 1]) {
        const kept = record.local.embedding(w, slot);
        expect(kept !== undefined).toBe(speaks(w, slot));
        const embedding = embeddings.subarray(slot * 16, slot * 16 + 16);
        const most = Math.max(...embedding.map(Math.abs));
        kept?.forEach((x, i) => {
          expect(Math.abs(x - (embedding[i] as number))).toBeLessThanOrEqual(most / 254 + 1e-6);
        });
      }
    });
  });

  it('does not keep windows that begin before the session', () => {
    const record = new SessionRecord(SHAPE, KEEP);
    const activity = new Float32Array(100);
    for (const start of [-24, -12, 0, 12]) record.add(start, activity, NOBODY);
    expect([record.local.windows, record.start]).toEqual([2, 0]);
  });

  it('continues if windows are missing after its first half was dropped', () => {
    const record = recordOf(windows(400, 4), 66);
    const [before, start] = [record.local.windows, record.start];
    expect(start).toBeGreaterThan(0);
    for (let i = 400; i < 440; i += 4) record.add(i * 12, new Float32Array(100), NOBODY);
    expect(record.local.hop).toBe(48);
    expect(record.local.windows).toBeGreaterThan(before / 2);
    expect(record.start + (record.local.windows - 1) * 48).toBe(436 * 12);
  });

  it('keeps every other window once one is missing', () => {
    const given = windows(60, 3).filter((_, i) => i < 21 || i % 2 === 0);
    const record = recordOf(given);
    expect([record.local.hop, record.start, record.local.windows]).toEqual([24, 0, 30]);
    for (let w = 0; w < record.local.windows; w++) {
      const { activity } = given.find(({ start }) => start === w * 24) as (typeof given)[number];
      expect(record.local.activity(w)[5]).toBeCloseTo(activity[5] as number, 2);
    }
  });

  it('drops every other window when it is full, then the first half; the other windows do not change', () => {
    const given = windows(400, 2);
    const most = 64;
    const record = new SessionRecord(SHAPE, KEEP, most);
    for (const [i, { start, activity, embeddings }] of given.entries()) {
      record.add(start, activity, embeddings);
      expect(record.local.windows).toBeLessThan(most);
      expect(record.local.hop === 12 || record.local.hop === 24).toBe(true);
      // Without a hole up to the latest window that is on the grid.
      const end = record.start + (record.local.windows - 1) * record.local.hop;
      expect(start - end).toBeLessThan(record.local.hop);
      if (i < most - 1) expect([record.start, record.local.hop]).toEqual([0, 12]);
    }
    expect(record.start).toBeGreaterThan(0);
    for (let w = 0; w < record.local.windows; w++) {
      const window = (record.start + w * record.local.hop) / 12;
      const { activity, embeddings } = given[window] as (typeof given)[number];
      expect(record.local.activity(w)[7]).toBeCloseTo(activity[7] as number, 2);
      expect(record.local.embedding(w, 1)?.[3] ?? 0).toBeCloseTo(speaks(window, 1) ? (embeddings[19] as number) : 0, 2);
    }
  });

  it('is silent where the mask has silence', () => {
    const record = new SessionRecord(SHAPE, KEEP);
    for (let i = 0; i < 4; i++) record.add(i * SHAPE.hop, new Float32Array(100).fill(1), NOBODY);
    const mask = new SpeechMask({ speech: 0.5, shortestSilence: 20 });
    for (let frame = 0; frame < 100; frame++) mask.push(frame < 30 ? 1 : 0);
    record.local.setMask(mask);
    expect([0, 1, 2, 3].map((window) => record.local.activity(window).lastIndexOf(1))).toEqual([59, 35, 11, -1]);
    expect([0, 1, 2, 3].map((window) => record.local.embedding(window, 0) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(record.local.unmaskedActivity(3).lastIndexOf(1)).toBe(99);
  });
});
