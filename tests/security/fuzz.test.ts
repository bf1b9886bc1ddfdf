/** Few inputs of each kind, the same each time; `npm run fuzz` has many. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type EntryOptions, type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TOY } from '../server/harness.ts';
import { FILE_TARGETS } from './fuzz-files.ts';
import { CONNECTION, connectionOutcome, MESSAGES, sessionOutcome } from './fuzz-server.ts';
import { outcomeOf, TARGETS } from './fuzz-targets.ts';
import { until } from './sockets.ts';

const ALL = { ...TARGETS, ...FILE_TARGETS };
const CORPUS = fileURLToPath(new URL('corpus/', import.meta.url));

describe('parsers of untrusted input', () => {
  it.each(Object.keys(ALL))('%s: accepts or rejects any input', async (name) => {
    const target = (ALL as typeof TARGETS)[name];
    if (target === undefined) throw new Error(`no target ${name}`);
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(target.inputs, async (input) => {
        if ((await outcomeOf(target, input)) === 'ok') taken++;
      }),
      { seed: 16, numRuns: 300 },
    );
    // Where nothing is taken, all inputs end at the first check.
    expect(taken).toBeGreaterThan(10);
    const file = `${CORPUS}${name}.jsonl`;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean))
      await outcomeOf(target, JSON.parse(line));
  });

  it('each corpus belongs to a parser', () => {
    for (const file of readdirSync(CORPUS)) expect(Object.keys(ALL)).toContain(file.replace(/\.jsonl$/, ''));
  });
});

describe('the server', () => {
  let server: RunningServer | undefined;
  afterEach(() => server?.close());
  const start = async (limits: EntryOptions['limits'] = {}) => {
    server = await serveNode({ port: 0, workers: 1, command: TOY, log: () => {}, limits });
    return server;
  };

  it('responds to any connection without 5xx, and remains available', async () => {
    const { url } = await start({ idleBodyMs: 200, headerMs: 200 });
    await fc.assert(
      fc.asyncProperty(CONNECTION, async (bytes) => void (await connectionOutcome(url, bytes))),
      { seed: 17, numRuns: 60 },
    );
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('closes any live session properly, and frees its memory', async () => {
    const { url, app } = await start();
    await fc.assert(
      fc.asyncProperty(MESSAGES, (messages) => sessionOutcome(url, messages)),
      { seed: 18, numRuns: 40 },
    );
    await until(() => app.active === 0);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/voiceflow_worker_restarts_total 0/);
  });
});
