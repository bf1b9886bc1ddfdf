/**
 * Attacks a server of its own and prints what that cost:
 *
 *   npm run attack -- [pipelining|unread|uploads|leaving|cost [PART]|clustering|recreate [CYCLES]|all]
 *
 * Build first. The short forms are tests (tests/security). Linux: memory is read from /proc.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { encodeWav } from 'voiceflow-ml/core';
import { metric, residentMb } from '../tests/security/sockets.ts';
import { NODE_ENTRY, type Spawned, spawnServer, TOY, windowBytes } from '../tests/server/harness.ts';
import { clustering } from './attack-clustering.ts';
import { cost, cpuSeconds } from './attack-cost.ts';
import { recreate } from './attack-recreate.ts';

const KEY = 'secret-0123456789abcdef';
const BEARER = { authorization: `Bearer ${KEY}` };
const MiB = 1024 * 1024;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One window after the other for so many seconds; milliseconds of each. */
async function healthy(server: Spawned, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const begin = performance.now();
    const response = await server.fetch('/v1/infer', {
      method: 'POST',
      body: windowBytes(),
      headers: { ...BEARER, 'content-type': 'application/octet-stream' },
    });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`a healthy client was answered ${response.status}`);
    times.push(performance.now() - begin);
    await pause(10);
  }
  return times.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

function deaf(url: string, bytes: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(bytes);
  return socket;
}

async function watched<T>(read: () => number, work: () => Promise<T>): Promise<{ peak: number; result: T }> {
  let peak = read();
  const timer = setInterval(() => {
    peak = Math.max(peak, read());
  }, 50);
  try {
    return { result: await work(), peak };
  } finally {
    clearInterval(timer);
  }
}

async function pipelining(): Promise<void> {
  const server = await spawnServer([process.execPath, NODE_ENTRY], {
    VOICEFLOW_WORKERS: '2',
    VOICEFLOW_API_KEYS: `me:${KEY}`,
  });
  const rss = () => residentMb(server.pid);
  await healthy(server, 3);
  for (const path of ['/openapi.json', '/docs', '/v1/infer']) {
    const one = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const before = await healthy(server, 5);
    const start = rss();
    for (const [name, count] of [
      ['as many as a read brings', Math.floor(65_536 / one.length)],
      ['30 each, held', 30],
    ] as const) {
      const sockets = Array.from({ length: 60 }, () => deaf(server.url, one.repeat(count)));
      const { peak, result } = await watched(rss, () => healthy(server, 8));
      const left = performance.now();
      for (const socket of sockets) socket.destroy();
      await healthy(server, 0.01);
      const row = [
        `${path}, ${name}`,
        `+${(peak - start).toFixed(0)} MB`,
        `${quantile(before, 0.5).toFixed(1)} → ${quantile(result, 0.5).toFixed(1)} ms`,
        `${quantile(before, 0.99).toFixed(1)} → ${quantile(result, 0.99).toFixed(1)} ms`,
        `${(performance.now() - left).toFixed(0)} ms`,
      ];
      console.log(`| ${row.join(' | ')} |`);
    }
  }
  await server.close();
}

async function unread(): Promise<void> {
  const { serveNode } = await import('../packages/server/dist/node.js');
  const queueBytes = 64 * MiB;
  const server = await serveNode({
    port: 0,
    workers: 1,
    command: TOY,
    log: () => {},
    limits: { queueBytes, idleBodyMs: 5_000 },
  });
  const ask = 'POST /v1/diarize?answer=8000000 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx';
  let most = 0;
  const sockets = Array.from({ length: 100 }, () => deaf(server.url, ask));
  const start = residentMb(process.pid);
  const { peak } = await watched(
    () => residentMb(process.pid),
    async () => {
      for (let i = 0; i < 60; i++) {
        most = Math.max(most, await metric(server.url, 'voiceflow_body_bytes'));
        await pause(100);
      }
    },
  );
  await pause(6_000);
  const left = await metric(server.url, 'voiceflow_body_bytes');
  console.log(
    `100 clients that ask for 8 MB each and do not read: at most ${(most / MiB).toFixed(1)} of ${queueBytes / MiB} MiB held, ` +
      `server +${(peak - start).toFixed(0)} MB; ${left} bytes held ${server.app.active} requests left after the idle limit`,
  );
  for (const socket of sockets) socket.destroy();
  await server.close();
}

/** Proportional memory of the server and its workers, in MB. */
function together(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return [String(pid), ...children].reduce((sum, each) => {
    try {
      return sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      return sum;
    }
  }, 0);
}

async function uploads(): Promise<void> {
  const wav = encodeWav(new Float32Array((128 * MiB - 4096) / 2), 48_000);
  const form = new FormData();
  form.append('file', new Blob([wav]), 'long.wav');
  const bodies: Record<string, () => BodyInit> = { WAV: () => wav, form: () => form };
  for (const [name, body] of Object.entries(bodies)) {
    const server = await spawnServer([process.execPath, NODE_ENTRY], {
      // As in deploy/.
      VOICEFLOW_WORKERS: '2',
      VOICEFLOW_BODY_BYTES: String(128 * MiB),
      VOICEFLOW_QUEUE_BYTES: String(160 * MiB),
    });
    const { peak, result } = await watched(
      () => together(server.pid),
      () =>
        Promise.all(
          [1, 2].map(async () => {
            const response = await server.fetch('/v1/diarize', { method: 'POST', body: body() });
            await response.arrayBuffer();
            return response.status;
          }),
        ),
    );
    console.log(
      `two ${name} uploads of 128 MiB at once, deploy's limits: at most ${peak.toFixed(0)} MB in all processes; answered ${result.join(' and ')}`,
    );
    await server.close();
  }
}

const FIXTURES = new URL('../packages/codecs/fixtures/', import.meta.url);

/** A stream of frames that is as good many times over. */
function again(name: string, bytes: number): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL(name, FIXTURES));
  const all = new Uint8Array(Math.ceil(bytes / file.length) * file.length);
  for (let at = 0; at < all.length; at += file.length) all.set(file, at);
  return all;
}

/** When a client leaves: told what it was sent, and asked whether it is time, for the i-th time. */
interface Begun {
  readonly accept: string;
  tell(piece: string): void;
  yet(i: number): Promise<boolean>;
}

/** The same of a FLAC file, whose frames follow a head that tells how many there are: this one does not. */
function flacAgain(bytes: number): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL('talk.flac', FIXTURES));
  let frames = 4;
  for (let isLast = false; !isLast; frames += 4 + file.readUIntBE(frames + 1, 3)) isLast = (file[frames] ?? 0) >= 128;
  const head = new Uint8Array(file.subarray(0, frames));
  // Low bits of the number of samples, and the MD5 of them all.
  head.fill(0, 22, 42);
  const count = Math.ceil(bytes / (file.length - frames));
  return Buffer.concat([head, ...Array.from({ length: count }, () => file.subarray(frames))]);
}

/** How long a worker is busy with what nobody waits for any more: clients that leave at any moment of the work. */
async function leaving(): Promise<void> {
  const tone = (_: unknown, i: number) => Math.sin(i / (20 + ((i >> 14) % 9))) * 0.2;
  const wav = encodeWav(new Float32Array(16_000 * 1800).map(tone), 16_000);
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="x.wav"\r\n\r\n'),
    wav,
    Buffer.from('\r\n--b--\r\n'),
  ]);
  const bodies: Readonly<Record<string, readonly [Uint8Array, string]>> = {
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
  const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1' });
  // The worker's own time says what it still did, however busy the machine is with other things.
  const workerCpu = () => {
    const [pid = ''] = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
    return 1000 * cpuSeconds(Number(pid));
  };
  const busy = async () => /jobs_running\{lane="recording"\} 1/.test(await (await server.fetch('/metrics')).text());
  /** Leaves so many times, each when `begun` says so. */
  const leave = async (name: string, body: Uint8Array, type: string, times: number, begun: Begun) => {
    const waits: number[] = [];
    const worked: number[] = [];
    let over = 0;
    for (let i = 0; i < times; i++) {
      const left = new AbortController();
      let answered = false;
      const asked = server
        .fetch('/v1/diarize', {
          method: 'POST',
          body: new Uint8Array(body),
          headers: { 'content-type': type, accept: begun.accept },
          signal: left.signal,
        })
        .then(async (response) => {
          for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) begun.tell(piece);
          answered = true;
        })
        .catch(() => {});
      while (!answered && !(await begun.yet(i))) await pause(2);
      if (answered) over++;
      const at = performance.now();
      const cpu = workerCpu();
      left.abort();
      while (await busy()) await pause(2);
      if (!answered) {
        waits.push(performance.now() - at);
        worked.push(workerCpu() - cpu);
      }
      await asked;
    }
    for (const list of [waits, worked]) list.sort((a, b) => a - b);
    const restarts = await metric(server.url, 'voiceflow_worker_restarts_total');
    console.log(
      `${name}: the worker was free ${quantile(waits, 0.5).toFixed(0)} ms after its client had left (median of ${waits.length}), ` +
        `${(waits.at(-1) ?? 0).toFixed(0)} ms at most; it worked on for ${quantile(worked, 0.5).toFixed(0)} ms of CPU, ` +
        `${(worked.at(-1) ?? 0).toFixed(0)} ms at most; ${over} done before; ${restarts} workers replaced`,
    );
  };
  for (const [name, [body, type]] of Object.entries(bodies)) {
    const yet = async (i: number) => {
      if (!(await busy())) return false;
      await pause(40 * i * i);
      return true;
    };
    await leave(name, body, type, 8, { accept: 'application/json', tell: () => {}, yet });
  }
  // Voices that change all the time: what is clustered is as much as it can be.
  const voices = new Float32Array(16_000 * 1800).map((_, i) => Math.sin((i * (1 + (((i / 6400) | 0) % 7))) / 40) * 0.3);
  let heard = '';
  await leave('clustering of half an hour', encodeWav(voices, 16_000), 'audio/wav', 3, {
    accept: 'text/event-stream',
    tell: (piece) => {
      heard += piece;
    },
    yet: async () => {
      if (!heard.includes('"stage":"cluster"')) return false;
      heard = '';
      return true;
    },
  });
  await server.close();
}

const [which = 'all', more] = process.argv.slice(2);
const attacks: Readonly<Record<string, () => Promise<void>>> = {
  pipelining,
  unread,
  uploads,
  leaving,
  cost: () => cost(more),
  clustering,
  recreate: () => recreate(Number(more ?? 200)),
};
for (const [name, attack] of Object.entries(attacks)) {
  if (which !== 'all' && which !== name) continue;
  if (name === 'pipelining') {
    console.log('60 connections that pipeline and read nothing:\n');
    console.log('| asked | memory | P50 of a healthy client | its P99 | answered again after |\n|---|---|---|---|---|');
  }
  await attack();
}
process.exit(0);
