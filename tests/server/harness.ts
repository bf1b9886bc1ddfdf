/** Servers to test against, and what all of their tests need. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AppOptions, createApp, localEngine, TaskRunner } from '@voiceflow-ml/server';
import { createDiarizer, fastCnn, type Model, openAudio } from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { encodeWav } from 'voiceflow-ml/core';
import { printed } from '../processes.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const NODE_ENTRY = `${ROOT}packages/server/dist/main-node.js`;
export const FAULTY_WORKER = `${ROOT}packages/server/dist/testing/faulty-worker.js`;

/** The beginning of the demo's conversation: 16-bit mono at 16 kHz, 18 s with four voices. */
export const CONVERSATION = beginning(readFileSync(`${ROOT}examples/audio/conversation.wav`), 18);

function beginning(file: Buffer, seconds: number): Uint8Array<ArrayBuffer> {
  const rate = file.readUInt32LE(24);
  const samples = Float32Array.from({ length: rate * seconds }, (_, i) => file.readInt16LE(44 + 2 * i) / 32_768);
  return encodeWav(samples, rate);
}

/** Something that answers requests, wherever it runs. */
export interface Subject {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** Deadlines that no machine misses, however busy: for tests that are about something else. */
export const NO_HURRY = { inferDeadlineMs: 100_000, deadlineMs: 100_000 } as const;
/** The same for an entry in a process of its own. */
export const NO_HURRY_ENV = {
  VOICEFLOW_INFER_DEADLINE_MS: String(NO_HURRY.inferDeadlineMs),
  VOICEFLOW_DEADLINE_MS: String(NO_HURRY.deadlineMs),
} as const;

/** Does what a 503 asks a client to do: comes again when Retry-After has passed. Bodies must be ones that can be sent twice. */
export function patient(subject: Subject): Subject {
  return {
    close: () => subject.close(),
    fetch: async (path, init) => {
      for (let attempt = 1; ; attempt++) {
        const response = await subject.fetch(path, init);
        const seconds = Number(response.headers.get('retry-after'));
        if (response.status !== 503 || !(seconds > 0) || attempt === 30) return response;
        await response.arrayBuffer();
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
    },
  };
}

/** A toy worker: no model, does what a task's parameters say. */
export const TOY = { command: process.execPath, args: [FAULTY_WORKER], env: { VOICEFLOW_FAULTS: '{"toy":true}' } };

/** The real model behind an app without a server. */
export async function inProcess(options: Partial<AppOptions> = {}): Promise<Subject> {
  const native = nodeBackend();
  let model: Model | undefined;
  const load: typeof native.load = async (file, how) => {
    const loaded = await native.load(file, how);
    // The first is the one with the windows; a segmenter comes after it.
    model ??= loaded;
    return loaded;
  };
  const diarizer = await createDiarizer({ backend: { ...native, load } });
  if (model === undefined) throw new Error('the model was not loaded');
  const runner = new TaskRunner({ manifest: fastCnn.manifest, diarizer, model, openAudio });
  const engine = localEngine(runner, { manifest: fastCnn.manifest, backend: native.name });
  const app = createApp({ engine, version: '0.0.0', ...options });
  return {
    fetch: async (path, init) => app.fetch(new Request(`http://in.process${path}`, init)),
    close: async () => {
      await app.drain();
      await engine.close();
      await diarizer.close();
    },
  };
}

export interface Spawned extends Subject {
  readonly url: string;
  readonly pid: number;
  readonly log: string[];
  kill(signal: NodeJS.Signals): void;
  /** Closes this end of the pipe of its log. */
  stopReading(): void;
  readonly exited: Promise<number | null>;
}

/** Starts an entry as a process of its own and waits until it listens. */
export async function spawnServer(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Spawned> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, VOICEFLOW_PORT: '0', ...env },
  });
  const log: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(...text.split('\n').filter((line) => line !== ''));
  });
  const url = await printed(child, /listens on (\S+)/);
  return {
    url,
    pid: child.pid ?? 0,
    log,
    exited,
    kill: (signal) => child.kill(signal),
    stopReading: () => child.stderr.destroy(),
    fetch: (path, init) => fetch(`${url}${path}`, init),
    close: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A window of seeded noise in two bursts, and the same as WAV at another rate. */
export function windowSamples(seed = 1): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: 48_000 }, (_, i) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return i % 16_000 < 12_000 ? (state / 2_147_483_648 - 0.5) * 0.3 : 0;
  });
}

export function windowBytes(seed = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(windowSamples(seed).buffer);
}

export function windowWav(samples = windowSamples()): Uint8Array<ArrayBuffer> {
  return encodeWav(samples, 48_000, { encoding: 'f32' });
}

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** The events of a whole `text/event-stream`. */
export async function events(response: Response): Promise<ServerEvent[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block.startsWith('event:'));
  return blocks.map((block) => {
    const lines = block.split('\n');
    const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
    return { event: lines[0]?.slice(7) ?? '', data: data.join('\n') };
  });
}
