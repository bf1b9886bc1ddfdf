import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import type { Slots } from './local-speaker-table.ts';
import { LocalSpeakers } from './local-speakers.ts';
import { finish } from './steps.ts';
import { decodeSteps } from './viterbi.ts';

const FRAME = 0.1;
const SHAPE = { frames: 10, slots: 2, dimensions: 2, hop: 4 };

function random(windows: number, speakers: number, seed: number) {
  const next = seededRandom(seed);
  const local = new LocalSpeakers(SHAPE, { above: 0.5, frames: 1 });
  const size = SHAPE.frames * SHAPE.slots;
  for (let w = 0; w < windows; w++) {
    const activity = Float32Array.from({ length: size }, (_, i) => (i % 2 === 1 && w % 3 === 0 ? 0 : next()));
    local.add(activity, new Float32Array(SHAPE.slots * SHAPE.dimensions).fill(1));
  }
  const rowAt = new Int32Array(windows * 2).fill(-1);
  let rows = 0;
  for (let at = 0; at < rowAt.length; at++) if (local.embedding(at >> 1, at & 1)) rowAt[at] = rows++;
  const scores = Float32Array.from({ length: rows * speakers }, () => 2 * next());
  const slots: Slots = {
    rowAt,
    window: new Int32Array(rows),
    slot: new Uint8Array(rows),
    clean: new Float32Array(rows),
    voices: new Float32Array(0),
    to: 0,
  };
  return { local, slots, scores };
}

/** Score of one way to name all slots: evidence less what neighboring windows disagree on. */
function value(
  { local, slots, scores }: ReturnType<typeof random>,
  speakers: number,
  named: readonly number[],
  continuity: number,
): number {
  let sum = 0;
  named.forEach((speaker, at) => {
    const row = slots.rowAt[at] as number;
    if (row >= 0) sum += scores[row * speakers + speaker] as number;
  });
  for (let w = 1; w < local.windows; w++) {
    for (let speaker = 0; speaker < speakers; speaker++) {
      const activityOf = (window: number, frame: number) =>
        [0, 1].reduce(
          (a, s) => a + (named[window * 2 + s] === speaker ? (local.activity(window)[frame * 2 + s] ?? 0) : 0),
          0,
        );
      for (let f = 0; f < SHAPE.frames - SHAPE.hop; f++) {
        sum -= continuity * FRAME * Math.abs(activityOf(w - 1, f + SHAPE.hop) - activityOf(w, f));
      }
    }
  }
  return sum;
}

/** The best value over all ways, by trying them all. */
function best(problem: ReturnType<typeof random>, speakers: number, continuity: number): number {
  let most = Number.NEGATIVE_INFINITY;
  const name = (named: number[]): void => {
    const at = named.length;
    if (at === problem.slots.rowAt.length) {
      most = Math.max(most, value(problem, speakers, named, continuity));
      return;
    }
    if ((problem.slots.rowAt[at] as number) < 0) {
      name([...named, -1]);
      return;
    }
    for (let k = 0; k < speakers; k++) if (at % 2 === 0 || named[at - 1] !== k) name([...named, k]);
  };
  name([]);
  return most;
}

describe('decodeSteps', () => {
  it('finds the best of all state sequences', () => {
    for (let seed = 1; seed <= 20; seed++) {
      for (const continuity of [0, 1, 4]) {
        const problem = random(4, 3, seed);
        const found = finish(
          decodeSteps(problem.local, problem.slots, problem.scores, 3, { trust: 1, continuity }, FRAME),
        );
        expect(value(problem, 3, [...found], continuity)).toBeCloseTo(best(problem, 3, continuity), 4);
      }
    }
  });

  it('never assigns two slots of a window to one of several speakers, and leaves surplus slots unassigned', () => {
    for (const speakers of [2, 5]) {
      const problem = random(12, speakers, 77);
      const found = finish(
        decodeSteps(problem.local, problem.slots, problem.scores, speakers, { trust: 1, continuity: 1 }, FRAME),
      );
      for (let w = 0; w < 12; w++) {
        const [a = -1, b = -1] = found.subarray(w * 2, w * 2 + 2);
        if (a >= 0) expect(a).not.toBe(b);
        const speaking = [0, 1].filter((s) => (problem.slots.rowAt[w * 2 + s] as number) >= 0).length;
        expect([a, b].filter((k) => k >= 0)).toHaveLength(Math.min(speaking, speakers));
      }
    }
  });

  it('assigns all speech to the only speaker', () => {
    const { local, slots, scores } = random(12, 1, 77);
    const found = finish(decodeSteps(local, slots, scores, 1, { trust: 1, continuity: 1 }, FRAME));
    expect([...found]).toEqual([...slots.rowAt].map((row) => (row < 0 ? -1 : 0)));
    expect([...found].filter((speaker, at) => at % 2 === 1 && speaker === 0).length).toBeGreaterThan(0);
  });
});
