/**
 * Gives the server's parsers many inputs and prints what became of them:
 *
 *   npm run fuzz -- [TARGET|all] [COUNT] [SEED]      default: all 20000 1
 *
 * Fails on anything but success or a typed refusal, and on an input that takes more than 2 s. Inputs that failed are
 * added to tests/security/corpus, which the tests replay.
 */
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { outcomeOf, TARGETS } from '../tests/security/fuzz-targets.ts';

const SLOW_MS = 2_000;
const BATCH = 250;
const [which = 'all', count = '20000', seed = '1'] = process.argv.slice(2);
const names = which === 'all' ? Object.keys(TARGETS) : [which];
let failed = 0;

console.log('| parser | inputs | outcomes | slowest | memory after each quarter |\n|---|---|---|---|---|');
for (const name of names) {
  const target = TARGETS[name];
  if (target === undefined) {
    console.error(`there is no target "${name}", expected all or ${Object.keys(TARGETS).join(', ')}`);
    process.exit(2);
  }
  const outcomes = new Map<string, number>();
  const memory: number[] = [];
  let slowest = 0;
  const total = Number(count);
  for (let done = 0; done < total; done += BATCH) {
    for (const input of fc.sample(target.inputs, {
      seed: Number(seed) * 1_000_003 + done,
      numRuns: Math.min(BATCH, total - done),
    })) {
      const begin = performance.now();
      let outcome: string;
      try {
        outcome = await outcomeOf(target, input);
      } catch (error) {
        outcome = `FAILED: ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`;
      }
      const ms = performance.now() - begin;
      slowest = Math.max(slowest, ms);
      if (outcome.startsWith('FAILED') || ms > SLOW_MS) {
        failed++;
        appendFileSync(
          fileURLToPath(new URL(`../tests/security/corpus/${name}.jsonl`, import.meta.url)),
          `${JSON.stringify(input)}\n`,
        );
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    if (Math.floor(((done + BATCH) * 4) / total) > memory.length) {
      globalThis.gc?.();
      memory.push(Math.round(process.memoryUsage().heapUsed / 1e6));
    }
  }
  const told = [...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
  console.log(`| ${name} | ${total} | ${told} | ${slowest.toFixed(0)} ms | ${memory.join(', ')} MB |`);
}
process.exit(failed === 0 ? 0 : 1);
