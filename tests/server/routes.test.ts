import { describe, it } from 'vitest';
import { runtimes } from '../runtimes/runtimes.ts';
import { inProcess, NO_HURRY, NO_HURRY_ENV, NODE_ENTRY, ROOT, spawnServer } from './harness.ts';
import { routeSuite } from './route-suite.ts';

const bodyBytes = 8 * 1024 * 1024;
const env = { VOICEFLOW_BODY_BYTES: String(bodyBytes), VOICEFLOW_WORKERS: '1', ...NO_HURRY_ENV };

routeSuite('the app, in process', () => inProcess({ limits: { ...NO_HURRY, bodyBytes } }));
routeSuite('the server on Node', () => spawnServer([process.execPath, NODE_ENTRY], env));

for (const name of ['Bun', 'Deno']) {
  const runtime = runtimes().find((each) => each.name === name);
  if (runtime === undefined || runtime.missing !== undefined) {
    describe(`the server on ${name}`, () => {
      it.skip(`not tested: ${runtime?.missing ?? `${name} is not among the runtimes`}`);
    });
    continue;
  }
  const entry = `${ROOT}packages/server/dist/main-${name.toLowerCase()}.js`;
  routeSuite(`the server on ${name}`, () => spawnServer([...runtime.command, entry], env));
}
