/**
 * Measures memory during decoding: `node --expose-gc scripts/measure-decode.mjs FILE`. Prints a line for each half hour
 * of audio. To make a four-hour MP3:
 * `ffmpeg -stream_loop 187 -i examples/audio/conversation.wav -b:a 32k four-hours.mp3`.
 */
import { openAsBlob } from 'node:fs';
import process from 'node:process';
import { codecs } from '@voiceflow-ml/codecs';
import { openAudio } from 'voiceflow-ml/core';

const [, , file = ''] = process.argv;
const RATE = 16_000;
const options = { sampleRate: RATE, decoders: codecs, limits: { maxSeconds: 24 * 3600 } };
const source = await openAudio(await openAsBlob(file), options);
let [decoded, next] = [0, 0];
function report() {
  globalThis.gc?.();
  console.log(`${(decoded / RATE / 3600).toFixed(2)} h: ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
}
for (let samples = await source.read(); samples !== null; samples = await source.read()) {
  if (decoded >= next) {
    report();
    next += 1800 * RATE;
  }
  decoded += samples.length;
}
report();
console.log(`${(process.cpuUsage().user / 1e6).toFixed(1)} s of CPU`, source.warnings);
