/**
 * `npm test`: sets up, then lint, types, and every test. The last line is the count:
 * `N passed, N failed` or `N passed, N failed, N skipped`, where failed lint and failed types count as one failure each.
 *
 *   node scripts/test.mjs [PATH…]     only the tests below these paths
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = 'node_modules/typescript/bin/tsc';
const paths = process.argv.slice(2);

if (!node('setup', 'scripts/setup.mjs', '--build')) finish({ passed: 0, failed: 1, skipped: 0 });
const checks = [
  node('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
  node('types', TSC, '-b', '--pretty'),
  node('types of tests', TSC, '-p', 'tsconfig.tests.json', '--pretty'),
];
const tests = runTests();
finish({ ...tests, failed: tests.failed + checks.filter((passed) => !passed).length });

/** Runs a script of Node's; true when it succeeds. */
function node(name, script, ...args) {
  const { status } = spawnSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) console.error(`\n${name}: FAILED (exit code ${status})\n`);
  return status === 0;
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const ended = node('tests', 'node_modules/vitest/vitest.mjs', 'run', ...reporters, ...paths);
    return count(JSON.parse(readFileSync(report, 'utf8')), ended);
  } catch (error) {
    console.error(`tests: no report (${error instanceof Error ? error.message : error})`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(report, ended) {
  const cases = report.testResults.flatMap((file) => file.assertionResults);
  const failures = cases.filter(({ status }) => status === 'failed');
  // A file that could not even be read has no tests that could fail.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  if (failures.length + broken.length > 0) console.log('\nFailed:');
  for (const file of report.testResults) {
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'failed') console.log(`  ${relative(ROOT, file.name)}: ${fullName}`);
    }
  }
  for (const file of broken) console.log(`  ${relative(ROOT, file.name)}: ${file.message.split('\n')[0]}`);
  const failed = failures.length + broken.length;
  const passed = cases.filter(({ status }) => status === 'passed').length;
  // An error outside of every test (an unhandled rejection) fails the run and no test.
  return { passed, failed: failed === 0 && !ended ? 1 : failed, skipped: cases.length - passed - failures.length };
}

function finish({ passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
