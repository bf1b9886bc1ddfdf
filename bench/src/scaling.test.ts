import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportFixture } from '../../tests/bench/report-fixture.ts';
import { coreCost, erlangWait, renderScaling, requirement } from './scaling.ts';

describe('erlangWait', () => {
  it('equals the closed form of M/M/1 and M/M/2', () => {
    // M/M/1: ρ/(1 − ρ) services; M/M/2: ρ²/(1 − ρ²) services of one server.
    expect(erlangWait(50, 10, 1)).toBeCloseTo(10);
    expect(erlangWait(100, 10, 2)).toBeCloseTo((0.25 / 0.75) * 10);
    expect(erlangWait(0, 10, 4)).toBe(0);
    expect(erlangWait(400, 10, 4)).toBe(Number.POSITIVE_INFINITY);
  });

  it('increases with the arrival rate, and decreases with more servers at the same load', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (load, servers) => {
          const wait = erlangWait(load * servers * 100, 10, servers);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(erlangWait(load * servers * 102, 10, servers)).toBeGreaterThanOrEqual(wait);
          expect(erlangWait(load * (servers + 1) * 100, 10, servers + 1)).toBeLessThanOrEqual(wait + 1e-9);
        },
      ),
      { seed: 9 },
    );
  });
});

describe('requirement', () => {
  const cost = { server: 5, network: 0.8, service: 6, memory: 400, workers: 2 };

  it('plans cores at 70 % utilization in machines of 8 cores, plus a spare one', () => {
    // 1,000 a second × 5 ms are 5 busy cores; at 70 % that is 7.14.
    expect(requirement(1000, cost)).toMatchObject({ cores: 8, machines: 2, underWay: 6 });
    expect(requirement(10_000, cost)).toMatchObject({ cores: 72, machines: 10 });
    expect(requirement(1000, cost).uplink).toBeCloseTo(1539.2);
    expect(requirement(1000, cost).memory).toBeCloseTo((2 * 8 * 200) / 1024);
  });

  it('is undefined without the figures of the report', () => {
    expect(coreCost(reportFixture())).toEqual({ server: 5, network: 0.25, service: 20, memory: 400, workers: 2 });
    const { serving: _, ...without } = reportFixture();
    expect(renderScaling(without)).toBeUndefined();
    const page = renderScaling(reportFixture()) ?? '';
    expect(page).toContain('../bench/results/latest.md');
    expect(page).toMatch(/\| 1,000 \| 8 \| 2 \|/);
    expect(page).toMatch(/\| 100,000 \|/);
    expect(page).not.toMatch(/undefined|NaN|Infinity/);
  });

  it('rejects a report in which a part exceeds the total', () => {
    const report = reportFixture();
    const serving = report.serving as NonNullable<typeof report.serving>;
    const { total, ...others } = serving.single.server;
    const server = { ...others, model: { ...(total as NonNullable<typeof total>), mean: 21 }, total } as typeof others;
    const odd = { ...report, serving: { ...serving, single: { ...serving.single, server } } };
    expect(() => renderScaling(odd)).toThrow('contradicts itself');
    const shares = [...(renderScaling(report) ?? '').matchAll(/([\d.]+) %/g)].map(([, share]) => Number(share));
    expect(shares.length).toBeGreaterThan(1);
    expect(Math.max(...shares)).toBeLessThanOrEqual(100);
  });
});
