/**
 * Fuzzes the WAV reader beyond what the tests run:
 *   npx tsx scripts/fuzz-wav.ts [--count 1000000] [--seed 100000]
 * Every input comes from its own seed; a failure prints it, and `--seed S --count 1` runs it again.
 */
import { parseArgs } from 'node:util';
import { fuzzInput, fuzzOnce } from '../packages/sdk/src/audio/fixtures/fuzz.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '100000' } },
});
const count = Number(values.count);
const first = Number(values.seed);
if (!(count > 0) || !Number.isInteger(first)) {
  console.error('usage: npx tsx scripts/fuzz-wav.ts [--count N] [--seed S]');
  process.exit(2);
}

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
