/**
 * Diarizes one WAV file (16 kHz mono) with sherpa-onnx and prints the result and the cost as JSON.
 * node run.mjs FILE.wav SEGMENTATION.onnx EMBEDDING.onnx [THREADS] [REPEATS]
 */
import { createRequire } from 'node:module';

const sherpa = createRequire(import.meta.url)('sherpa-onnx-node');
const [file, segmentation, embedding, threads = '1', repeats = '1'] = process.argv.slice(2);
const numThreads = Number(threads);

const started = performance.now();
const diarizer = new sherpa.OfflineSpeakerDiarization({
  segmentation: { pyannote: { model: segmentation }, numThreads },
  embedding: { model: embedding, numThreads },
  // sherpa-onnx's defaults for an unknown number of speakers.
  clustering: { numClusters: -1, threshold: 0.5 },
  minDurationOn: 0.2,
  minDurationOff: 0.5,
});
const load = performance.now() - started;
const { samples, sampleRate } = sherpa.readWave(file);
if (sampleRate !== diarizer.sampleRate)
  throw new Error(`${file} has ${sampleRate} Hz; ${diarizer.sampleRate} is expected`);

const wall = [];
const cpu = [];
let turns = [];
for (let run = 0; run < Number(repeats); run++) {
  const before = process.cpuUsage();
  const start = performance.now();
  turns = diarizer.process(samples);
  wall.push(performance.now() - start);
  const used = process.cpuUsage(before);
  cpu.push((used.user + used.system) / 1000);
}
const seconds = samples.length / sampleRate;
const peakRss = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ turns, seconds, wall, cpu, load, peakRss }));
