/** CPU time of the server and its worker for each input, relative to ordinary audio of the same length. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { encodeWav } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { treeUsage } from '../bench/src/managed-process.ts';
import { fmt, riff } from '../packages/sdk/src/audio/fixtures/wav-builder.ts';
import { NODE_ENTRY, type Spawned, spawnServer } from '../tests/server/harness.ts';

const FIXTURES = new URL('../packages/codecs/fixtures/', import.meta.url);
const CONVERSATION = readFileSync(new URL('../examples/audio/conversation.wav', import.meta.url));
const RATE = 16_000;
/** Length of each synthetic recording in seconds. */
const SECONDS = 60;
/** Length of each fixture in seconds: seconds 2 to 4 of the conversation. */
const SHORT = 2;

interface Input {
  readonly name: string;
  readonly seconds: number;
  readonly body: () => Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

function speech(seconds: number, from = 0): Float32Array {
  const samples = (CONVERSATION.length - 44) / 2;
  return Float32Array.from(
    { length: seconds * RATE },
    (_, i) => CONVERSATION.readInt16LE(44 + 2 * ((i + from * RATE) % samples)) / 32_768,
  );
}

/** Seeded white noise. */
function noise(length: number): Float32Array {
  const random = seededRandom(1);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

/** A WAV file of arbitrary samples in the given format. */
function anyWav(seconds: number, rate: number, channels: number, bits = 8): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array((seconds * rate * channels * bits) / 8);
  const period = Math.min(body.length, 11 * 2 ** 16);
  for (let i = 0; i < period; i++) body[i] = 128 + 60 * Math.sin(i / (7 + (i >> 16)));
  // Filled by doubling, because the server closes idle keep-alive connections while this blocks the event loop.
  for (let at = period; at < body.length; at += at) body.copyWithin(at, 0, at);
  return riff([fmt({ channels, rate, bits }), { id: 'data', body }]);
}

const wav = (samples: Float32Array, encoding: 's16' | 'f32' = 's16') => encodeWav(samples, RATE, { encoding });
const long = SECONDS * RATE;
const made: readonly (readonly [string, () => Uint8Array<ArrayBuffer>])[] = [
  ['silence', () => wav(new Float32Array(long))],
  ['noise', () => wav(noise(long))],
  [
    'noise × 1e-39 (denormals), float',
    () =>
      wav(
        noise(long).map((x) => x * 1e-39),
        'f32',
      ),
  ],
  ['bursts of noise each 200 ms', () => wav(noise(long).map((x, i) => (i % 3200 < 1600 ? x : 0)))],
  [
    'another voice each 400 ms',
    () => wav(speech(SECONDS).map((_, i) => Math.sin((i * (1 + (((i / 6400) | 0) % 7))) / 40))),
  ],
  ['clicks', () => wav(new Float32Array(long).map((_, i) => (i % 500 === 0 ? 1 : 0)))],
  ['8 kHz', () => anyWav(SECONDS, 8_000, 1)],
  ['11,025 Hz', () => anyWav(SECONDS, 11_025, 1)],
  ['1,000 Hz', () => anyWav(SECONDS, 1_000, 1)],
  ['15,999 Hz', () => anyWav(SECONDS, 15_999, 1)],
  ['44.1 kHz, stereo, 16 bit', () => anyWav(SECONDS, 44_100, 2, 16)],
  ['192 kHz, stereo, 24 bit', () => anyWav(SECONDS, 192_000, 2, 24)],
  ['48 kHz, 32 channels', () => anyWav(SECONDS, 48_000, 32)],
];

const INPUTS: readonly Input[] = [
  ...made.map(([name, body]) => ({ name, seconds: SECONDS, body })),
  // Longer ones would exceed the body size limit.
  { name: '192 kHz, 8 channels, 24 bit', seconds: 10, body: () => anyWav(10, 192_000, 8, 24) },
  { name: '48 kHz, 32 channels, 24 bit', seconds: 10, body: () => anyWav(10, 48_000, 32, 24) },
  // Refused: their cost is that of receiving the bytes.
  { name: '1 MHz, 16 channels', seconds: 10, body: () => anyWav(10, 1_000_000, 16) },
  { name: '16 kHz, 1,000 channels', seconds: 10, body: () => anyWav(10, 16_000, 1_000) },
  ...[
    'talk.flac',
    'talk.mp3',
    'talk.aac',
    'talk.m4a',
    'fragmented.mp4',
    'talk.ogg',
    'talk.opus',
    'talk.webm',
    'talk.mka',
    'talk.aifc',
    'talk.au',
    'talk.caf',
    'adpcm_ima.wav',
    'adpcm_ms.wav',
    'gsm.wav',
  ].map((name) => ({ name, seconds: SHORT, body: () => new Uint8Array(readFileSync(new URL(name, FIXTURES))) })),
];

/** CPU seconds used so far by a process and its children. */
const cpuSeconds = (pid: number) => treeUsage(pid)?.cpuSeconds ?? Number.NaN;

/** Mean CPU seconds per request over `times` consecutive requests, and the refusal, if any. */
async function costOf(server: Spawned, body: Uint8Array<ArrayBuffer>, times: number): Promise<[number, string]> {
  let answered = '';
  const request = async () => {
    const response = await server.fetch('/v1/diarize', { method: 'POST', body });
    const text = await response.text();
    answered = response.ok ? '' : ` (${response.status} ${JSON.parse(text).code})`;
  };
  await request();
  const before = cpuSeconds(server.pid);
  for (let i = 0; i < times; i++) await request();
  return [(cpuSeconds(server.pid) - before) / times, answered];
}

/**
 * Prints each input's cost, and the largest ratio among accepted and among refused inputs.
 * @param part Only inputs whose names contain it.
 */
export async function cost(part = ''): Promise<void> {
  const server = await spawnServer([process.execPath, NODE_ENTRY], {
    VOICEFLOW_WORKERS: '1',
    VOICEFLOW_DEADLINE_MS: '600000',
  });
  const timesOf = (seconds: number) => (seconds > SHORT ? 2 : 40);
  const ordinary = new Map<number, number>();
  const inputs = INPUTS.filter(({ name }) => name.includes(part));
  for (const seconds of new Set(inputs.map((input) => input.seconds))) {
    const [cpu] = await costOf(server, wav(speech(seconds, SHORT)), timesOf(seconds));
    ordinary.set(seconds, cpu);
    console.log(`ordinary speech of ${seconds} s, 16 kHz: ${(1000 * cpu).toFixed(0)} ms of CPU`);
  }
  console.log('\n| input | seconds | CPU | relative to ordinary audio of its length |\n|---|---|---|---|');
  const most = { taken: 0, refused: 0 };
  for (const { name, seconds, body } of inputs) {
    const [cpu, answered] = await costOf(server, body(), timesOf(seconds));
    const ratio = cpu / (ordinary.get(seconds) ?? Number.NaN);
    const kind = answered === '' ? 'taken' : 'refused';
    most[kind] = Math.max(most[kind], ratio);
    console.log(`| ${name}${answered} | ${seconds} | ${(1000 * cpu).toFixed(0)} ms | × ${ratio.toFixed(2)} |`);
  }
  console.log(
    `\nat most × ${most.taken.toFixed(2)} for accepted inputs, × ${most.refused.toFixed(2)} for refused ones`,
  );
  await server.close();
}
