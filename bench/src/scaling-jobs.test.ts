import { describe, expect, it } from 'vitest';
import { renderJobs } from './scaling-jobs.ts';

const report = {
  date: '2026-01-02T00:00:00Z',
  machine: { cpu: 'A CPU', cores: 2, load: 9 },
  ...{ model: 'standard', recordings: 200, secondsEach: 30, workers: 2, killEverySeconds: 5, kills: 7 },
  ...{ states: { succeeded: 199, failed: 1 }, results: 199, losses: 6, seconds: 50, cpuSecondsPerHour: 60.48 },
};

describe('renderJobs', () => {
  it('renders the measurement, and computes workers at 70 % utilization', () => {
    const page = renderJobs(report);
    expect(page).toContain('199 of 200 jobs succeeded');
    // 10,000 × 60.48 s are 7 cores all day; at 70 % that is 10.
    expect(page).toMatch(/\| 10,000 \| 168 h \| 10, 70\S* % busy \|/);
    expect(page).toMatch(/\| 1 \| 60\.\d+ s \| 1, 0\.07\S* % busy \|/);
  });
});
