/**
 * Starts a server, attacks it and prints what the attacks cost:
 *
 *   npm run attack -- [pipelining|unread|uploads|leaving|cost [PART]|clustering|recreate [CYCLES]|all]
 *
 * Build first. Short versions of these run as tests (tests/security). Linux only: memory is read from /proc.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeWav } from 'voiceflow-ml/core';
import { childrenOf } from '../bench/src/managed-process.ts';
import { metric, rawClient, residentMb } from '../tests/security/sockets.ts';
import { NODE_ENTRY, type Spawned, spawnServer, TOY, windowBytes } from '../tests/server/harness.ts';
import { clustering } from './attack-clustering.ts';
import { cost } from './attack-cost.ts';
import { leaving, quantile } from './attack-leaving.ts';
import { recreate } from './attack-recreate.ts';

const KEY = 'secret-0123456789abcdef';
const BEARER = { authorization: `Bearer ${KEY}` };
const MiB = 1024 * 1024;

/** Sends one window after another for a number of seconds; returns the milliseconds of each. */
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

/** Connections that send the bytes and read nothing. */
async function unreadSockets(url: string, count: number, bytes: string): Promise<Socket[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => rawClient(url, bytes, { deaf: true })));
  return clients.map(({ socket }) => socket);
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
      const sockets = await unreadSockets(server.url, 60, one.repeat(count));
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
  const request = 'POST /v1/diarize?answer=8000000 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx';
  let most = 0;
  const start = residentMb(process.pid);
  const sockets = await unreadSockets(server.url, 100, request);
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
    `100 clients that request 8 MB each and do not read: at most ${(most / MiB).toFixed(1)} of ${queueBytes / MiB} MiB held, ` +
      `server +${(peak - start).toFixed(0)} MB; ${left} bytes held ${server.app.active} requests left after the idle limit`,
  );
  for (const socket of sockets) socket.destroy();
  await server.close();
}

/** Proportional set size (PSS) of the server and its workers, in MB. */
function together(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => {
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
      `two concurrent ${name} uploads of 128 MiB, limits of deploy/: at most ${peak.toFixed(0)} MB in all processes; responses ${result.join(' and ')}`,
    );
    await server.close();
  }
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
    console.log(
      '| request | memory | P50 of another client | its P99 | responsive again after |\n|---|---|---|---|---|',
    );
  }
  await attack();
}
process.exit(0);
