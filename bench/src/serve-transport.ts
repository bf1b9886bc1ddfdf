import { type ChildProcess, fork, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, unlinkSync, writevSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { BenchIo } from './args.ts';
import { table } from './format.ts';
import { REPOSITORY } from './machine.ts';
import { summarize } from './stats/summary.ts';

/** @module What it costs to bring a window to a worker and an answer back, by each way there is: why workers are processes with shared memory. */

const BODY = 192_000;
const ANSWER = 2_448;
const ROUNDS = 400;

type RoundTrip = (body: Uint8Array[]) => Promise<void>;

/** The other ends, each in a process or thread of its own. */
export async function transportEnd(args: readonly string[]): Promise<number> {
  const [way] = args;
  if (way === 'ipc') process.on('message', () => process.send?.(new Uint8Array(ANSWER)));
  else if (way === 'pipe') {
    let left = BODY;
    process.stdin.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) return;
      left = BODY;
      process.stdout.write(new Uint8Array(ANSWER));
    });
  } else {
    const body = new Uint8Array(BODY);
    process.stdin.on('data', () => {
      readSync(3, body, 0, BODY, 0);
      process.stdout.write(new Uint8Array(ANSWER));
    });
  }
  return new Promise(
    (resolve) => process.once('disconnect', () => resolve(0)) && process.stdin.once('end', () => resolve(0)),
  );
}

export async function transport(_: readonly string[], io: BenchIo): Promise<number> {
  const rows = [['way', 'P50', 'P99', 'CPU of this side']];
  const ways: Record<string, () => { go: RoundTrip; stop(): void }> = {
    'thread, transferred': viaThread,
    'process, pipe': () => viaPipe(),
    'process, Node IPC': viaIpc,
    'process, shared memory': viaMemory,
  };
  for (let repeat = 0; repeat < 2; repeat++) {
    for (const [name, open] of Object.entries(ways)) {
      const { go, stop } = open();
      const make = () => [0, 1, 2].map(() => new Uint8Array(BODY / 3));
      for (let i = 0; i < 50; i++) await go(make());
      const times: number[] = [];
      const before = process.cpuUsage();
      for (let i = 0; i < ROUNDS; i++) {
        const body = make();
        const begun = performance.now();
        await go(body);
        times.push(performance.now() - begun);
      }
      const { user, system } = process.cpuUsage(before);
      stop();
      const summary = summarize(times);
      const us = (value = 0) => `${Math.round(1000 * value)} µs`;
      rows.push([name, us(summary?.p50), us(summary?.p99), `${Math.round((user + system) / ROUNDS)} µs`]);
    }
  }
  io.out(table(rows));
  return 0;
}

function viaThread(): { go: RoundTrip; stop(): void } {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', () => { const answer = new Uint8Array(${ANSWER}); parentPort.postMessage(answer, [answer.buffer]); });`;
  const worker = new Worker(code, { eval: true });
  const go: RoundTrip = (body) =>
    new Promise((resolve) => {
      worker.once('message', () => resolve());
      worker.postMessage(
        body,
        body.map(({ buffer }) => buffer as ArrayBuffer),
      );
    });
  return { go, stop: () => void worker.terminate() };
}

function end(way: string, fds: readonly number[] = []): ChildProcess {
  return spawn(process.execPath, [`${REPOSITORY}bench/dist/serve.js`, 'transport-end', way], {
    stdio: ['pipe', 'pipe', 'inherit', ...fds],
  });
}

function answered(child: ChildProcess): () => Promise<void> {
  let got = 0;
  let resolve = () => {};
  child.stdout?.on('data', (chunk: Buffer) => {
    got += chunk.length;
    if (got < ANSWER) return;
    got = 0;
    resolve();
  });
  return () =>
    new Promise((done) => {
      resolve = done;
    });
}

function viaPipe(): { go: RoundTrip; stop(): void } {
  const child = end('pipe');
  const answer = answered(child);
  const go: RoundTrip = (body) => {
    const done = answer();
    child.stdin?.cork();
    for (const chunk of body) child.stdin?.write(chunk);
    child.stdin?.uncork();
    return done;
  };
  return { go, stop: () => void child.kill() };
}

function viaIpc(): { go: RoundTrip; stop(): void } {
  const child = fork(`${REPOSITORY}bench/dist/serve.js`, ['transport-end', 'ipc'], { serialization: 'advanced' });
  const go: RoundTrip = (body) =>
    new Promise((resolve) => {
      child.once('message', () => resolve());
      child.send(body);
    });
  return { go, stop: () => void child.kill() };
}

function viaMemory(): { go: RoundTrip; stop(): void } {
  const path = `/dev/shm/voiceflow-bench-${process.pid}`;
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  const child = end('memory', [fd]);
  const answer = answered(child);
  const go: RoundTrip = (body) => {
    const done = answer();
    writevSync(fd, body, 0);
    child.stdin?.write('x');
    return done;
  };
  return {
    go,
    stop: () => {
      child.kill();
      closeSync(fd);
    },
  };
}
