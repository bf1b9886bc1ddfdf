/**
 * Measures how long the network blocks the event loop: `node scripts/measure-event-loop.mjs [node|wasm]`.
 * Runs batches of the embedded network for ten seconds, several at once, and prints the lag of a 1 ms timer beside
 * that of the idle process. Delays caused by the operating system are in both.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';

const SECONDS = 10;
const BATCH = 8;
const SAMPLES = 48_000;

const name = process.argv[2] ?? 'node';
const backend = name === 'wasm' ? wasmBackend() : nodeBackend();
const model = await backend.load({ name: 'fast-cnn', bytes: await fastCnn.read() }, { workers: 2 });
const run = () =>
  model.run({ audio: { type: 'float32', dims: [BATCH, SAMPLES], data: new Float32Array(BATCH * SAMPLES) } });
await Promise.all([run(), run(), run()]);

console.log(`event loop lag, ms (${name} backend, batches of ${BATCH})`);
console.log(line('idle', await lagDuring(() => sleep(SECONDS * 1000))));
let runs = 0;
console.log(line('running', await lagDuring(keepRunning)), ` ${runs} runs`);
await model.close();

async function keepRunning() {
  const end = performance.now() + SECONDS * 1000;
  const lane = async () => {
    while (performance.now() < end) {
      await run();
      runs += 1;
    }
  };
  await Promise.all([lane(), lane()]);
}

async function lagDuring(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return histogram;
}

function line(what, histogram) {
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(1).padStart(6);
  return `${what.padEnd(8)} p50 ${ms(histogram.percentile(50))}  p99 ${ms(histogram.percentile(99))}  max ${ms(histogram.max)}`;
}
