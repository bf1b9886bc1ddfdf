import { describe, expect, it } from 'vitest';
import { CONTENDERS, compareBackends, runtimeName } from './backends.ts';
import { findRuntimes } from './runtimes.ts';

describe('compareBackends', () => {
  it('runs all contenders alternately and returns ratios of pairs', async () => {
    const contenders = CONTENDERS.filter(({ name }) => ['native ×1', 'native-direct ×1', 'native ×4'].includes(name));
    const result = await compareBackends(20, contenders);
    expect(result.contenders.map(({ name, latency }) => [name, latency.count])).toEqual([
      ['native ×1', 20],
      ['native-direct ×1', 20],
      ['native ×4', 10],
    ]);
    for (const { latency, perSecond, batch, cpu } of result.contenders) {
      expect(latency.max).toBeGreaterThanOrEqual(latency.p99);
      expect(perSecond).toBeCloseTo(latency.p50 / batch);
      expect(cpu).toBeGreaterThan(0);
    }
    expect(result.ratios.map(({ name, pairs }) => [name, pairs])).toEqual([
      ['the hop to the worker (backend against a direct call)', 10],
      ['batch of 4 against 1, a second of audio, native', 10],
    ]);
    expect(result.unavailable).toEqual({});
    expect(result.runtime).toBe(`node ${process.versions.node}`);
  });
});

describe('runtimes', () => {
  it('are identified by the version that they report', () => {
    expect(runtimeName({ node: '24.3.0', bun: '1.4.5' })).toBe('bun 1.4.5');
    expect(runtimeName({ node: '24.2.0', deno: '2.9.6' })).toBe('deno 2.9.6');
  });

  it('report how to install them if they are missing', () => {
    const [here, ...others] = findRuntimes(() => false);
    expect(here?.missing).toBeUndefined();
    expect(others.map(({ name }) => name)).toEqual(['bun', 'deno']);
    for (const { missing } of others) expect(missing).toContain('tests/runtimes');
    expect(findRuntimes(() => true).every(({ missing }) => missing === undefined)).toBe(true);
  });
});
