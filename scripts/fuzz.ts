/**
 * Fuzzes the parsers of requests and of user files, and prints the outcomes:
 *
 *   npm run fuzz -- [TARGET|http|sessions|all] [COUNT] [SEED]      default: all 20000 1
 *
 * `http` and `sessions` connect to a real server (whose worker has no model); build first. An input fails unless it
 * succeeds or is refused with a typed error, and when it takes more than 2 s of CPU (including the server, which runs
 * in the same process). Inputs that failed are added to tests/security/corpus, which the tests replay.
 */
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { FILE_TARGETS } from '../tests/security/fuzz-files.ts';
import { CONNECTION, connectionOutcome, MESSAGES, sessionOutcome } from '../tests/security/fuzz-server.ts';
import { type FuzzTarget, outcomeOf, TARGETS } from '../tests/security/fuzz-targets.ts';

const SLOW_MS = 2_000;
const BATCH = 250;
/** Concurrent connections: each waits for the server's timeouts, which are short here. */
const AT_ONCE = 25;
const [which = 'all', count = '20000', seed = '1'] = process.argv.slice(2);

const { serveNode } = await import('../packages/server/dist/node.js');
const worker = fileURLToPath(new URL('../packages/server/dist/testing/faulty-worker.js', import.meta.url));
const serverOf = (limits: object) =>
  serveNode({
    port: 0,
    workers: 1,
    command: { command: process.execPath, args: [worker], env: { VOICEFLOW_FAULTS: '{"toy":true}' } },
    limits,
    log: () => {},
  });
/**
 * Only `http` inputs wait for these timeouts. Sessions use the defaults: on a busy machine a handshake may take longer.
 */
const [server, defaultServer] = [await serverOf({ idleBodyMs: 200, headerMs: 200 }), await serverOf({})];
const online: Record<string, FuzzTarget> = {
  http: { inputs: CONNECTION, run: (bytes) => connectionOutcome(server.url, bytes as string), refusals: [] },
  sessions: {
    inputs: MESSAGES,
    run: (messages) => sessionOutcome(defaultServer.url, messages as string[]),
    refusals: [],
  },
};
const targets: Record<string, FuzzTarget> = { ...TARGETS, ...FILE_TARGETS, ...online };
const names = which === 'all' ? Object.keys(targets) : [which];
let failed = 0;

console.log('| parser | inputs | outcomes | slowest (CPU) | heap after each quarter |\n|---|---|---|---|---|');
for (const name of names) {
  const target = targets[name];
  if (target === undefined) {
    console.error(`there is no target "${name}", expected all or ${Object.keys(targets).join(', ')}`);
    process.exit(2);
  }
  const outcomes = new Map<string, number>();
  const memory: number[] = [];
  let slowest = 0;
  const total = Number(count);
  const one = async (input: unknown) => {
    let outcome: string;
    try {
      outcome = await outcomeOf(target, input);
    } catch (error) {
      outcome = `FAILED: ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome.startsWith('FAILED')) fail(name, input);
  };
  /** Runs inputs concurrently; returns the CPU time, because the machine may be busy with other work. */
  const cpuOf = async (inputs: readonly unknown[]) => {
    const begin = process.cpuUsage();
    await Promise.all(inputs.map(one));
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  };
  const some = async (inputs: readonly unknown[]) => {
    const ms = await cpuOf(inputs);
    slowest = Math.max(slowest, ms / inputs.length);
    if (ms <= SLOW_MS) return;
    for (const input of inputs) {
      const alone = await cpuOf([input]);
      slowest = Math.max(slowest, alone);
      if (alone > SLOW_MS) fail(name, input);
    }
  };
  for (let done = 0; done < total; done += BATCH) {
    const inputs = fc.sample(target.inputs, {
      seed: Number(seed) * 1_000_003 + done,
      numRuns: Math.min(BATCH, total - done),
    });
    const atOnce = name in online ? AT_ONCE : 1;
    for (let at = 0; at < inputs.length; at += atOnce) await some(inputs.slice(at, at + atOnce));
    if (Math.floor(((done + BATCH) * 4) / total) > memory.length) {
      globalThis.gc?.();
      memory.push(Math.round(process.memoryUsage().heapUsed / 1e6));
    }
  }
  if (![...outcomes.keys()].some((outcome) => outcome === 'ok' || outcome.startsWith('answered'))) {
    failed++;
    console.error(`${name}: no input was accepted, so all ended at the first check`);
  }
  const summary = [...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
  console.log(`| ${name} | ${total} | ${summary} | ${slowest.toFixed(0)} ms | ${memory.join(', ')} MB |`);
}
for (const { url, app, pool, close } of [server, defaultServer]) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  console.log(`\nserver: ${app.active} requests and sessions left, ${pool.restarts} workers replaced`);
  if (app.active > 0 || pool.restarts > 0 || !metrics.includes('voiceflow_body_bytes 0')) failed++;
  await close();
}
process.exit(failed === 0 ? 0 : 1);

function fail(name: string, input: unknown): void {
  failed++;
  if (name in online) {
    console.error(`${name}: ${JSON.stringify(input)}`);
    return;
  }
  const file = fileURLToPath(new URL(`../tests/security/corpus/${name}.jsonl`, import.meta.url));
  appendFileSync(file, `${JSON.stringify(input)}\n`);
}
