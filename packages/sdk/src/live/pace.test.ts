import { afterEach, describe, expect, it, vi } from 'vitest';
import { scoreDiarization } from '../metrics/score.ts';
import { conversation } from '../stages/fixtures/scripted.ts';
import { audioOf, finalTurns, listen, liveCnn, open, RATE } from './fixtures/live.ts';
import { Pace, SharedPace } from './pace.ts';

const SHAPE = { frames: 50, hop: 12, lead: 48, most: 50 };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Pace', () => {
  /** Hears `windows` that are so many milliseconds late, and gives the steps between them. */
  function hear(pace: Pace, clock: { now: number; window: number }, windows: number, late: number): number[] {
    return Array.from({ length: windows }, () => {
      const end = 20 * (clock.window * 12 + 2);
      clock.window++;
      clock.now = end + late;
      return pace.next();
    });
  }
  const start = (shared?: SharedPace) => {
    const clock = { now: 0, window: 0 };
    const pace = new Pace(SHAPE, 0.02, shared, () => clock.now);
    pace.arrived(0, 0.1);
    return { clock, pace };
  };
  const every = (hops: number, times: number) =>
    Array(times)
      .fill([12 * hops, ...Array(hops - 1).fill(0)])
      .flat();

  it('processes every window in real time, and fewer the later it is', () => {
    const { clock, pace } = start();
    expect(hear(pace, clock, 12, 50)).toEqual(every(1, 12));
    expect(hear(pace, clock, 8, 150)).toEqual(every(2, 4));
    expect(hear(pace, clock, 12, 350)).toEqual(every(4, 3));
  });

  it('processes more windows after a while without delay, and waits longer each time that was too much', () => {
    const { clock, pace } = start();
    /** Seconds from being late until every window is heard. */
    const recover = () => {
      hear(pace, clock, 4, 250);
      const began = clock.now;
      for (let i = 0; i < 10_000; i++) if (hear(pace, clock, 4, 20).every((step) => step === 12)) break;
      return (clock.now - began) / 1000;
    };
    const [first = 0, second = 0, third = 0] = [recover(), recover(), recover()];
    expect(first).toBeGreaterThan(8);
    expect(first).toBeLessThan(13);
    expect(second).toBeGreaterThan(1.7 * first);
    expect(third).toBeGreaterThan(1.7 * second);
    for (let i = 0; i < 6; i++) expect(recover()).toBeLessThan(140);
    // All was well for long: what was too much then need not be now.
    hear(pace, clock, 400, 20);
    expect(recover()).toBeLessThan(13);
  });

  it('starts with fewer windows if other sessions are behind', () => {
    const shared = new SharedPace();
    const late = start(shared);
    hear(late.pace, late.clock, 8, 350);
    const pace = new Pace(SHAPE, 0.02, shared, () => late.clock.now);
    pace.arrived(0, 0.1);
    expect([pace.next(), pace.next(), pace.next(), pace.next()]).toEqual(every(4, 1));
    late.clock.now += 60_000;
    const later = new Pace(SHAPE, 0.02, shared, () => late.clock.now);
    later.arrived(0, 0.1);
    expect(later.next()).toBe(12);
  });

  it('includes the delay of the network', () => {
    const { clock, pace } = start();
    expect(hear(pace, clock, 4, 0)).toEqual(every(1, 4));
    clock.now += 300;
    pace.processed(-12);
    expect(hear(pace, clock, 4, 0)).toEqual(every(4, 1));
  });

  it('never skips so many windows that events would be late', () => {
    let now = 0;
    const pace = new Pace({ ...SHAPE, most: 25 }, 0.02, undefined, () => now);
    pace.arrived(0, 0.1);
    for (let window = 0; window < 40; window++) {
      now = 10_000;
      expect(pace.next()).toBeLessThanOrEqual(24);
    }
  });

  it('detects a recording that arrives in small chunks, even while other sessions are behind', () => {
    let now = 0;
    const shared = Object.assign(new SharedPace(), { sparsity: 4, lateAt: 0 });
    const pace = new Pace(SHAPE, 0.02, shared, () => now);
    pace.arrived(0, 5);
    for (let piece = 0; piece < 100; piece++) {
      now += 10;
      pace.arrived(5 + piece / 10, 0.1);
    }
    // All of it waits for the network.
    for (let window = 0; window < 60; window++) {
      now += 500;
      expect(pace.next()).toBe(12);
      pace.processed(12 * (window - 4));
    }
  });

  it('detects audio that arrives faster than real time, even if processing takes long', () => {
    let now = 0;
    const pace = new Pace(SHAPE, 0.02, undefined, () => now);
    pace.arrived(0, 10);
    // The machine was busy with something else.
    now = 3000;
    for (let window = 0; window < 44; window++) {
      now += 1000;
      expect(pace.next()).toBe(12);
      pace.processed(12 * (window - 4));
    }
    // What comes in real time after it is not late for it.
    pace.arrived(10, 0.3);
    expect(pace.next()).toBe(12);
    now += 1000;
    pace.arrived(10.3, 0.3);
    expect([pace.next(), pace.next(), pace.next(), pace.next()]).toContain(24);
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
  const [lastEnd, referenceEnd] = [end(finalTurns(events)), end(reference)];
  return { runs, latest, late, lastEnd, referenceEnd, live: der(finalTurns(events)), reclustered: der(result.turns) };
}

describe('a session that keeps up', () => {
  it('processes fewer windows on a machine that is too slow, and is neither late nor much less accurate', async () => {
    const windows = Math.floor(40 / 0.24);
    const slow = await inRealTime(300, true);
    expect(slow.runs).toBeLessThan(0.9 * windows);
    expect(slow.late).toBeLessThan(1000);
    // A piece holds a tenth of a second.
    expect(slow.latest).toBeLessThanOrEqual(1.1 + 1e-9);
    expect(slow.live).toBeLessThan(15);
    expect(slow.lastEnd).toBeCloseTo(slow.referenceEnd, 1);
    expect(slow.reclustered).toBeLessThan(10);
  });

  it('processes all windows on a machine that is fast enough, and without keepUp', async () => {
    const fast = await inRealTime(20, true);
    const other = await inRealTime(20, false);
    expect(fast).toEqual(other);
    const tooSlow = await inRealTime(300, false);
    expect(tooSlow.runs).toBe(other.runs);
    expect(tooSlow.late).toBeGreaterThan(5000);
  });
});
