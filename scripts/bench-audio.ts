/**
 * Measures decoding, mixing and resampling in CPU time, which other programs' load does not affect:
 *   npx tsx scripts/bench-audio.ts [--to 48000] [--seconds 60]
 */
import { encodeWav } from '../packages/sdk/src/audio/encode-wav.ts';
import { openAudio } from '../packages/sdk/src/audio/open.ts';
import { integer } from '../packages/server/src/args/index.ts';
import { scriptArguments } from './arguments.ts';

const { to, seconds } = scriptArguments({
  to: integer([1, 384_000], 48_000, 'target sample rate in Hz'),
  seconds: integer([1, 3600], 60, 'seconds of audio'),
}).values;
const RATES = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 47_999];
const RUNS = 7;

/** Milliseconds of CPU time for one pass over the WAV. */
async function pass(wav: Uint8Array<ArrayBuffer>): Promise<number> {
  const start = process.cpuUsage();
  const source = await openAudio(wav, { sampleRate: to });
  while ((await source.read()) !== null);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

for (const channels of [1, 2]) {
  for (const rate of RATES) {
    const tone = Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin(i * 0.05) / 3);
    const wav = encodeWav(Array<Float32Array>(channels).fill(tone), rate);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) times.push(await pass(wav));
    times.sort((a, b) => a - b);
    const median = times[Math.floor(RUNS / 2)] ?? 0;
    const best = times[0] ?? 0;
    console.log(
      `${rate} Hz × ${channels} → ${to} Hz: ${(median / seconds).toFixed(2)} ms a second of audio, ` +
        `${Math.round((1_000 * seconds) / median)}× real time (best ${Math.round((1_000 * seconds) / best)}×)`,
    );
  }
}
