/**
 * `npm test`: sets up, then runs the linter, the type checker and every test. The last line is the count,
 * `N passed, N failed` or `N passed, N failed, N skipped`; failed lint and failed types count as one failure each.
 *
 *   node scripts/test.mjs [PATH…]     only the tests below these paths
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { count, lastLine } from './report.mjs';

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

/** Runs a script with Node; true when it succeeds. */
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
    const { failures, ...counts } = count(JSON.parse(readFileSync(report, 'utf8')), ended);
    if (failures.length > 0) console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
    return counts;
  } catch (error) {
    console.error(`tests: no report (${error instanceof Error ? error.message : error})`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function finish({ passed, failed, skipped }) {
  console.log(lastLine({ passed, failed, skipped }));
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
