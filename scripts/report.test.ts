import { expect, it } from 'vitest';
import { count, lastLine } from './report.mjs';

const file = (statuses: string[], more: object = {}) => ({
  name: `${process.cwd()}/a.test.ts`,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status, i) => ({ status, fullName: `test ${i}` })),
  ...more,
});

it('counts tests by status', () => {
  const report = { testResults: [file(['passed', 'passed', 'pending']), file(['passed', 'failed', 'todo'])] };
  const result = count(report, false);
  expect(result).toEqual({ passed: 3, failed: 1, skipped: 2, failures: ['a.test.ts: test 1'] });
  expect(lastLine(result)).toBe('3 passed, 1 failed, 2 skipped');
});

it('counts an unreadable test file as a failure', () => {
  const broken = file([], { status: 'failed', message: 'no such module\n at line 1' });
  const result = count({ testResults: [file(['passed']), broken] }, false);
  expect(result).toEqual({ passed: 1, failed: 1, skipped: 0, failures: ['a.test.ts: no such module'] });
});

it('counts an error outside tests as a failure', () => {
  expect(count({ testResults: [file(['passed'])] }, false).failed).toBe(1);
  expect(lastLine(count({ testResults: [file(['passed'])] }, true))).toBe('1 passed, 0 failed');
});
