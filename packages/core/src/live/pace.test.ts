import { afterEach, describe, expect, it, vi } from 'vitest';
import { scoreDiarization } from '../metrics/score.ts';
import { conversation } from '../pipeline/fixtures/scripted.ts';
import { audioOf, finalTurns, listen, liveCnn, open, RATE } from './fixtures/live.ts';
import { Pace } from './pace.ts';

const SHAPE = { frames: 50, hop: 12, lead: 48, most: 50 };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Pace', () => {
  it('hears every window while it keeps up with real time, and fewer the later it is', () => {
    let now = 0;
    const pace = new Pace(SHAPE, 0.02, () => now);
    pace.arrived(0, 0.1);
    const steps: number[] = [];
    for (let window = 0; window < 40; window++) {
      const end = 1000 * 0.02 * (window * 12 + 2);
      now = end + (window < 12 || window >= 32 ? 50 : window < 20 ? 150 : 350);
      steps.push(pace.next());
    }
    expect(steps.slice(0, 12)).toEqual(Array(12).fill(12));
    expect(steps.slice(12, 20)).toEqual(Array(4).fill([24, 0]).flat());
    expect(steps.slice(20, 32)).toEqual(Array(3).fill([48, 0, 0, 0]).flat());
    expect(steps.slice(32)).toEqual(Array(8).fill(12));
  });

  it('never leaves out so many that events would be late for it', () => {
    let now = 0;
    const pace = new Pace({ ...SHAPE, most: 25 }, 0.02, () => now);
    pace.arrived(0, 0.1);
    for (let window = 0; window < 40; window++) {
      now = 10_000;
      expect(pace.next()).toBeLessThanOrEqual(24);
    }
  });

  it('takes audio that comes faster than real time for what it is', () => {
    let now = 0;
    const pace = new Pace(SHAPE, 0.02, () => now);
    pace.arrived(0, 10);
    // The machine was busy with something else.
    now = 3000;
    for (let window = 0; window < 40; window++) {
      now += 30;
      expect(pace.next()).toBe(12);
    }
  });
});

/** Real-time audio on a machine that needs `cost` milliseconds for each run of the network. */
async function inRealTime(cost: number, keepUp: boolean) {
  const seconds = 40;
  const reference = conversation(3, seconds, 3);
  const samples = audioOf(reference, seconds);
  let clock = 0;
  let runs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const before = () => {
    runs++;
    clock += cost;
  };
  const session = open(liveCnn({ before }), { keepUp });
  const { events, over } = listen(session);
  const piece = RATE / 10;
  let [latest, late, seen] = [0, 0, 0];
  for (let at = 0; at < samples.length; at += piece) {
    const pushed = (at + piece) / RATE;
    clock = Math.max(clock, 1000 * pushed);
    await session.push(samples.subarray(at, at + piece));
    late = Math.max(late, clock - 1000 * pushed);
    // The events are read.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    for (const event of events.slice(seen)) {
      if (event.type === 'turn-end') latest = Math.max(latest, pushed - event.end);
    }
    seen = events.length;
  }
  const result = await session.end({ recluster: true });
  await over;
  const der = (turns: typeof result.turns) => scoreDiarization(reference, turns).total.der ?? 100;
  const end = (turns: readonly { readonly end: number }[]) => Math.max(...turns.map((turn) => turn.end));
  const [heard, said] = [end(finalTurns(events)), end(reference)];
  return { runs, latest, late, heard, said, live: der(finalTurns(events)), reclustered: der(result.turns) };
}

describe('a session that keeps up', () => {
  it('looks less often on a machine that is too slow, and is neither late nor much worse', async () => {
    const windows = Math.floor(40 / 0.24);
    const slow = await inRealTime(300, true);
    expect(slow.runs).toBeLessThan(0.9 * windows);
    expect(slow.late).toBeLessThan(1000);
    // A piece holds a tenth of a second.
    expect(slow.latest).toBeLessThanOrEqual(1.1 + 1e-9);
    expect(slow.live).toBeLessThan(15);
    expect(slow.heard).toBeCloseTo(slow.said, 1);
    expect(slow.reclustered).toBeLessThan(10);
  });

  it('looks as often as others on one that is fast enough, as every session does that was not asked to', async () => {
    const fast = await inRealTime(20, true);
    const other = await inRealTime(20, false);
    expect(fast).toEqual(other);
    const tooSlow = await inRealTime(300, false);
    expect(tooSlow.runs).toBe(other.runs);
    expect(tooSlow.late).toBeGreaterThan(5000);
  });
});
