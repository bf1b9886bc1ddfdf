/**
 * Fuzzes the WAV reader and the decoders with more inputs than the tests:
 *   npx tsx scripts/fuzz-audio.ts [--count 20000] [--seed 1000000] [--file wav|talk.mp3|…]
 * `--count` applies to `wav` (generated WAVs) and to each file of packages/codecs/fixtures (damaged copies of it). A
 * failure prints its file and seed; `--file F --seed S --count 1` repeats it. Prints for each file the CPU time of its
 * slowest input and the peak memory.
 */
import process from 'node:process';
import { codecs } from '@voiceflow-ml/codecs';
import { FILES, fuzzOnce } from '../packages/codecs/fixtures/fuzz.ts';
import { fuzzInput, fuzzOnce as fuzzWav } from '../packages/sdk/src/audio/fixtures/fuzz.ts';
import { choice, integer } from '../packages/server/src/args/index.ts';
import { scriptArguments } from './arguments.ts';

const ALL = ['wav', ...FILES];
const {
  count,
  seed: first,
  file,
} = scriptArguments({
  count: integer([1, 1e9], 20_000, 'inputs per file'),
  seed: integer([0, 1e9], 1_000_000, 'seed of the first input'),
  file: choice(ALL, 'only this file; wav for generated WAVs'),
}).values;
const files = file === undefined ? ALL : [file];

Error.stackTraceLimit = 4;
let failures = 0;
for (const name of files) {
  const slowest = { seed: 0, ms: 0 };
  for (let seed = first; seed < first + count; seed++) {
    // CPU time, because the machine may be busy with other work.
    const startedAt = process.cpuUsage();
    const problem = await (name === 'wav' ? fuzzWav(seed) : fuzzOnce(codecs, name, seed));
    const { user, system } = process.cpuUsage(startedAt);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) Object.assign(slowest, { seed, ms });
    const done = seed - first + 1;
    if (done % 10_000 === 0) console.log(`${name}: ${done}, ${failures} failures`);
    if (problem === undefined) continue;
    failures++;
    console.error(`${name} seed ${seed}: ${problem}`);
    if (name === 'wav') console.error(`  ${Buffer.from(fuzzInput(seed)).toString('hex')}`);
  }
  const most = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${name}: ${count} inputs, slowest ${Math.round(slowest.ms)} ms of CPU (seed ${slowest.seed}), at most ${most} MB`,
  );
}
console.log(`${files.length * count} inputs from seed ${first}: ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;
