import { beforeAll, describe, expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { backendCases } from 'voiceflow-ml/testing';
import type { Ended } from '../processes.ts';
import { runProgram, runtimes } from './runtimes.ts';

/** The suite on every runtime but the host's own (packages/sdk/src/backends has that). */

const NAMES = backendCases({ name: 'any', create: () => nodeBackend() }).map(({ name }) => name);
const SUITE_TIMEOUT_MS = 600_000;

for (const runtime of runtimes().slice(1)) {
  for (const backend of ['node', 'wasm']) {
    const { missing } = runtime;
    describe.skipIf(missing)(`${backend} backend on ${runtime.name}${missing ? ` (${missing})` : ''}`, () => {
      let outcome: Ended;
      let lines: { host?: string; case?: string; error?: string }[];

      beforeAll(async () => {
        outcome = await runProgram(runtime, 'conformance.mjs', [backend]);
        const whole = outcome.stdout.split('\n').filter((line) => line.startsWith('{'));
        lines = whole.map((line) => JSON.parse(line) as (typeof lines)[number]);
      }, SUITE_TIMEOUT_MS);

      it('runs all cases and exits', () => {
        expect(lines[0]?.host).toMatch(runtime.identity);
        expect({ code: outcome.code, signal: outcome.signal }, outcome.stderr).toEqual({ code: 0, signal: null });
      });

      it.each(NAMES)('%s', (name) => {
        const line = lines.find((one) => one.case === name);
        expect(line, outcome.stderr || 'the program ended before this case').toBeDefined();
        expect(line?.error).toBeUndefined();
      });
    });
  }
}
