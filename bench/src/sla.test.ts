import { describe, expect, it } from 'vitest';
import { judge } from './sla.ts';

describe('judge', () => {
  const good = { modelP99: 9.9, endToEndP99: 99, successRate: 1 };
  const kept = (figures: Parameters<typeof judge>[0]) => judge(figures).map((verdict) => verdict.kept);

  it('passes only below the limit', () => {
    expect(kept(good)).toEqual([true, true, true]);
    expect(kept({ ...good, modelP99: 10 })).toEqual([false, true, true]);
    expect(kept({ ...good, endToEndP99: 100 })).toEqual([true, false, true]);
    expect(kept({ ...good, successRate: 0.9999 })).toEqual([true, true, false]);
  });

  it('fails what was not measured', () => {
    expect(kept({ modelP99: undefined, endToEndP99: undefined, successRate: undefined })).toEqual([
      false,
      false,
      false,
    ]);
    expect(kept({ ...good, modelP99: Number.NaN })).toEqual([false, true, true]);
  });
});
