import { describe, expect, it } from 'vitest';
import { AGAIN, runProgram, runtimes } from './runtimes.ts';

/** A program may end at any time, in any way, without an abort (134) or a hang. */
const WAYS = {
  'forgets to close': 0,
  'exits during runs': 3,
  'exits while loading': 3,
  'throws during a run': 1,
  'is interrupted during a run': 'SIGINT',
};

for (const runtime of runtimes()) {
  const { missing } = runtime;
  describe.skipIf(missing)(`on ${runtime.name}${missing ? ` (${missing})` : ''} a program`, () => {
    for (const [way, code] of Object.entries(WAYS)) {
      it.each(['node', 'wasm'])(`that ${way} exits with ${code}: %s backend`, AGAIN, async (backend) => {
        const outcome = await runProgram(runtime, 'ends.mjs', [backend, way]);
        expect(outcome.code ?? outcome.signal, outcome.stderr).toBe(code);
      });
    }
  });
}
