import { relative } from 'node:path';
import process from 'node:process';

/**
 * Counts the results of a vitest run from its JSON report.
 * @param {{ testResults: { name: string, status: string, message: string,
 *   assertionResults: { status: string, fullName: string }[] }[] }} report The parsed report.
 * @param {boolean} ended Whether vitest itself succeeded.
 */
export function count(report, ended) {
  /** @type {string[]} */
  const failures = [];
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative(process.cwd(), name);
    const broken = assertionResults.filter((one) => one.status === 'failed');
    failures.push(...broken.map((one) => `${file}: ${one.fullName}`));
    failed += broken.length;
    const done = assertionResults.filter((one) => one.status === 'passed').length;
    passed += done;
    skipped += assertionResults.length - broken.length - done;
    // A file that failed to load has no tests to count, so it counts as one failure.
    if (status === 'failed' && broken.length === 0) {
      failures.push(`${file}: ${message.split('\n')[0]}`);
      failed += 1;
    }
  }
  // An error outside any test, such as an unhandled rejection, fails the run but no test.
  if (!ended && failed === 0) {
    failures.push('an error outside of the tests (see above)');
    failed = 1;
  }
  return { passed, failed, skipped, failures };
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
