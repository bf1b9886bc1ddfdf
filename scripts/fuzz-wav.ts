/**
 * Fuzzes the WAV reader with more inputs than the tests:
 *   npx tsx scripts/fuzz-wav.ts [--count 1000000] [--seed 100000]
 * Every input has its own seed. A failure prints the seed; `--seed S --count 1` repeats it.
 */
import { fuzzInput, fuzzOnce } from '../packages/sdk/src/audio/fixtures/fuzz.ts';
import { integer } from '../packages/server/src/args/index.ts';
import { scriptArguments } from './arguments.ts';

const { count, seed: first } = scriptArguments({
  count: integer([1, 1e9], 1_000_000, 'number of inputs'),
  seed: integer([0, 1e9], 100_000, 'seed of the first input'),
}).values;

let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  const problem = await fuzzOnce(seed);
  if (problem !== undefined) {
    failures++;
    console.error(`seed ${seed}: ${problem}\n  ${Buffer.from(fuzzInput(seed)).toString('hex')}`);
  }
  if ((seed - first + 1) % 100_000 === 0) console.log(`${seed - first + 1} inputs, ${failures} failures`);
}
console.log(`${count} inputs from seed ${first}: ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;
