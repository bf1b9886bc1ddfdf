/** Measures how long a worker keeps working for clients that disconnect during processing. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeWav } from 'voiceflow-ml/core';
import { childrenOf, processUsage } from '../bench/src/managed-process.ts';
import { metric } from '../tests/security/sockets.ts';
import { NODE_ENTRY, spawnServer } from '../tests/server/harness.ts';

const MiB = 1024 * 1024;
const FIXTURES = new URL('../packages/codecs/fixtures/', import.meta.url);

/** Repeats a file up to at least `bytes`. These formats stay valid when repeated. */
function again(name: string, bytes: number): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL(name, FIXTURES));
  const all = new Uint8Array(Math.ceil(bytes / file.length) * file.length);
  for (let at = 0; at < all.length; at += file.length) all.set(file, at);
  return all;
}

/** The same for a FLAC file. Its header states the number of samples, so the number is erased here. */
function flacAgain(bytes: number): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL('talk.flac', FIXTURES));
  let frames = 4;
  for (let isLast = false; !isLast; frames += 4 + file.readUIntBE(frames + 1, 3)) isLast = (file[frames] ?? 0) >= 128;
  const head = new Uint8Array(file.subarray(0, frames));
  // The low bits of the number of samples, and the MD5 of all samples.
  head.fill(0, 22, 42);
  const count = Math.ceil(bytes / (file.length - frames));
  return Buffer.concat([head, ...Array.from({ length: count }, () => file.subarray(frames))]);
}

/** Recordings by name, with their content types. */
function recordings(): Readonly<Record<string, readonly [Uint8Array, string]>> {
  const tone = (_: unknown, i: number) => Math.sin(i / (20 + ((i >> 14) % 9))) * 0.2;
  const wav = encodeWav(new Float32Array(16_000 * 1800).map(tone), 16_000);
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="x.wav"\r\n\r\n'),
    wav,
    Buffer.from('\r\n--b--\r\n'),
  ]);
  return {
    'a WAV of half an hour': [wav, 'audio/wav'],
    'the same in a form': [form, 'multipart/form-data; boundary=b'],
    'a form of dashes alone': [Buffer.alloc(wav.length, 45), `multipart/form-data; boundary=${'-'.repeat(68)}x`],
    'a WAV of 44.1 kHz': [encodeWav(new Float32Array(44_100 * 900).map(tone), 44_100), 'audio/wav'],
    'a WAV of 15,999 Hz': [encodeWav(new Float32Array(15_999 * 1800).map(tone), 15_999), 'audio/wav'],
    'a FLAC file': [flacAgain(24 * MiB), 'audio/flac'],
    'an MP3': [again('talk.mp3', 8 * MiB), 'audio/mpeg'],
    'an AAC stream': [again('talk.aac', 8 * MiB), 'audio/aac'],
    'Opus in Ogg': [again('talk.opus', 8 * MiB), 'audio/ogg'],
    'Vorbis in Ogg': [again('talk.ogg', 8 * MiB), 'audio/ogg'],
  };
}

/** Prints how long a worker stays busy after its client disconnected, at various moments of the work. */
export async function leaving(): Promise<void> {
  const bodies = recordings();
  const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1' });
  // The worker's CPU time does not depend on other load on the machine.
  const [worker = 0] = childrenOf(server.pid);
  const workerCpu = () => 1000 * (processUsage(worker)?.cpuSeconds ?? 0);
  const busy = async () => /requests_running\{lane="recording"\} 1/.test(await (await server.fetch('/metrics')).text());
  /** Disconnects `times` times, each when `isTime` says so, from the number of the client and its response so far. */
  const leave = async (
    name: string,
    body: Uint8Array,
    type: string,
    times: number,
    isTime: (i: number, received: string) => Promise<boolean>,
    accept = 'application/json',
  ) => {
    const waits: number[] = [];
    const cpuMs: number[] = [];
    let over = 0;
    for (let i = 0; i < times; i++) {
      const left = new AbortController();
      let answered = false;
      let received = '';
      const request = server
        .fetch('/v1/diarize', {
          method: 'POST',
          body: new Uint8Array(body),
          headers: { 'content-type': type, accept },
          signal: left.signal,
        })
        .then(async (response) => {
          for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) received += piece;
          answered = true;
        })
        .catch(() => {});
      while (!answered && !(await isTime(i, received))) await pause(2);
      if (answered) over++;
      const at = performance.now();
      const cpu = workerCpu();
      left.abort();
      while (await busy()) await pause(2);
      if (!answered) {
        waits.push(performance.now() - at);
        cpuMs.push(workerCpu() - cpu);
      }
      await request;
    }
    for (const list of [waits, cpuMs]) list.sort((a, b) => a - b);
    const restarts = await metric(server.url, 'voiceflow_worker_restarts_total');
    console.log(
      `${name}: the worker was free ${quantile(waits, 0.5).toFixed(0)} ms after its client disconnected (median of ${waits.length}), ` +
        `${(waits.at(-1) ?? 0).toFixed(0)} ms at most; it continued for ${quantile(cpuMs, 0.5).toFixed(0)} ms of CPU, ` +
        `${(cpuMs.at(-1) ?? 0).toFixed(0)} ms at most; ${over} completed before; ${restarts} workers replaced`,
    );
  };
  for (const [name, [body, type]] of Object.entries(bodies)) {
    await leave(name, body, type, 8, async (i) => {
      if (!(await busy())) return false;
      await pause(40 * i * i);
      return true;
    });
  }
  // Constantly changing voices give the clustering as much work as possible.
  const voices = new Float32Array(16_000 * 1800).map((_, i) => Math.sin((i * (1 + (((i / 6400) | 0) % 7))) / 40) * 0.3);
  const isClustering = async (_: number, received: string) => received.includes('"stage":"cluster"');
  const wavOfVoices = encodeWav(voices, 16_000);
  await leave('clustering of half an hour', wavOfVoices, 'audio/wav', 3, isClustering, 'text/event-stream');
  await server.close();
}

export const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
