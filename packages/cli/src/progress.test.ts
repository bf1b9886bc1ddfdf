import { describe, expect, it } from 'vitest';
import type { Io } from './io.ts';
import { left, ProgressLine } from './progress.ts';

function terminal(isTerminal = true, columns = 80) {
  const written: string[] = [];
  const screen = { isTerminal, columns, colorDepth: 1, unicode: true };
  const io: Io = { screen, errorScreen: screen, out: async () => {}, err: (text) => void written.push(text) };
  return { io, written };
}

describe('ProgressLine', () => {
  it('shows progress and remaining time on one line, which it clears', () => {
    const { io, written } = terminal();
    let now = 0;
    const line = new ProgressLine(io, 1, String, () => now);
    now = 10_000;
    line.update('a.wav', { done: 25, total: 100 });
    expect(written.join('')).toBe(`\ra.wav ${'━'.repeat(6)}${'╌'.repeat(18)} 25 % · 30 s left\u001b[K`);
    line.clear();
    line.clear();
    expect(written.slice(1)).toEqual(['\r\u001b[K']);
  });

  it('counts files, limits its redraws, and shows no remaining time while a length is unknown', () => {
    const { io, written } = terminal();
    let now = 0;
    const line = new ProgressLine(
      io,
      3,
      (seconds) => `${seconds} s`,
      () => now,
    );
    line.finish('a.wav');
    now = 1000;
    line.update('b.wav', { done: 7 });
    now = 1050;
    line.update('b.wav', { done: 9 });
    expect(written).toEqual(['\rb.wav 7 s · file 2 of 3\u001b[K']);
    now = 2000;
    line.update('b.wav', { done: 5, total: 10 });
    expect(written[1]).toContain('50 % · file 2 of 3 · 2 s left');
  });

  it('stays full while the voices are clustered, which reports no progress', () => {
    const { io, written } = terminal();
    let now = 10_000;
    const line = new ProgressLine(io, 1, String, () => now);
    now = 20_000;
    line.update('a.wav', { stage: 'cluster', done: 0, total: 100 });
    expect(written.join('')).toBe(`\ra.wav ${'━'.repeat(24)} 100 %\u001b[K`);
  });

  it('fits the terminal width for any name, and prints nothing without a terminal', () => {
    const { io, written } = terminal(true, 50);
    const line = new ProgressLine(io, 12, String, () => 0);
    line.update(`${'long/'.repeat(30)}name\u001b[2J.wav`, { done: 1, total: 2 });
    expect(written[0]?.replace('\u001b[K', '').length).toBeLessThanOrEqual(50);
    expect(written[0]).not.toContain('\u001b[2J');
    const piped = terminal(false);
    new ProgressLine(piped.io, 1, String).update('a', { done: 1, total: 2 });
    expect(piped.written).toEqual([]);
  });
});

describe('left', () => {
  it.each([
    [0, '0 s'],
    [1200, '2 s'],
    [65_000, '1 min 05 s'],
    [3_700_000, '1 h 01 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(left(ms)).toBe(text);
  });
});
