/**
 * Measures the current runtime: `node scripts/measure-runtime.mjs [node|wasm] [RUNS]`; also runs with `bun` or
 * `deno run -A`. Prints milliseconds of wall-clock and CPU time (all threads) for importing, for loading, and for each
 * diarization of the demo's conversation. To compare on a busy machine, run it under `chrt -r 1`.
 */
import { openAsBlob } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [, , backend = 'node', runs = '3'] = process.argv;
const audio = fileURLToPath(new URL('../examples/audio/conversation.wav', import.meta.url));

let clock = performance.now();
let cpu = process.cpuUsage();
function report(what) {
  const { user, system } = process.cpuUsage(cpu);
  console.log(`${what}: ${Math.round(performance.now() - clock)} ms, ${Math.round((user + system) / 1000)} ms of CPU`);
  clock = performance.now();
  cpu = process.cpuUsage();
}

const { createDiarizer } = await import('voiceflow-ml');
report('import');
const diarizer = await createDiarizer({ backend, workers: 1 });
report('load');
for (let run = 1; run <= Number(runs); run++) {
  await diarizer.diarize(await openAsBlob(audio));
  report(`recording, time ${run}`);
}
await diarizer.close();
