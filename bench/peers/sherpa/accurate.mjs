/**
 * Diarizes the same WAV file with a model folder of VoiceFlow, such as the pulled `accurate`, on one thread, and prints
 * the cost as JSON, like run.mjs for sherpa-onnx.
 * node accurate.mjs FILE.wav FOLDER [REPEATS]
 */
import { readFile } from 'node:fs/promises';
import { createDiarizer } from 'voiceflow-ml';
import { modelFromFolder } from 'voiceflow-ml/installed';

const [file, folder, repeats = '1'] = process.argv.slice(2);
const audio = new Uint8Array(await readFile(file));
const started = performance.now();
const diarizer = await createDiarizer({ model: await modelFromFolder(folder), backend: 'node', workers: 1 });
const load = performance.now() - started;
const wall = [];
const cpu = [];
let found;
for (let run = 0; run < Number(repeats); run++) {
  const before = process.cpuUsage();
  const start = performance.now();
  found = await diarizer.diarize(audio);
  wall.push(performance.now() - start);
  const used = process.cpuUsage(before);
  cpu.push((used.user + used.system) / 1000);
}
await diarizer.close();
const peakRss = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ speakers: found?.speakers.length, seconds: found?.duration, wall, cpu, load, peakRss }));
