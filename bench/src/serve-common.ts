/** What the measures of the server share: a server of its own process, its processes' use, verdicts. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { SERVER_FLAGS } from '@voiceflow-ml/server/node';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { BenchIo } from './args.ts';
import { figures } from './format.ts';
import { formatVerdicts } from './load/format.ts';
import { createHttpTarget, INFER_ANSWER_BYTES, type Target } from './load/target.ts';
import { REPOSITORY } from './machine.ts';
import { freePort, type ManagedProcess, processUsage, startProcess } from './managed-process.ts';
import { findRuntimes } from './runtimes.ts';
import type { Verdict } from './sla.ts';
import { noise, seededRandom } from './stats/random.ts';

/** Samples of one window. */
export const WINDOW = 48_000;

export interface Entry extends ManagedProcess {
  readonly url: string;
  /** Ids of the server and of its workers. */
  pids(): number[];
  /** CPU seconds of all of them so far. */
  cpuSeconds(): number;
}

export interface EntryFile {
  /** From the root of the repository. */
  readonly file: string;
  /** The runtime and what goes before the script. */
  readonly command: readonly [string, ...string[]];
}

export const NODE: EntryFile = {
  file: 'packages/server/dist/main-node.js',
  command: [process.execPath, ...SERVER_FLAGS],
};

/** The server's entry of a runtime by name. @throws `backend-unavailable` when the runtime is not installed. */
export function entryOf(name: 'node' | 'bun' | 'deno'): EntryFile {
  const runtime = findRuntimes().find((each) => each.name.startsWith(name));
  if (runtime === undefined || runtime.missing !== undefined) {
    throw new VoiceFlowError('backend-unavailable', runtime?.missing ?? `there is no ${name}`);
  }
  if (name === 'node') return NODE;
  return { file: `packages/server/dist/main-${name}.js`, command: [runtime.command, ...runtime.args] };
}

/** Starts an entry of the server on a free port of loopback. */
export async function startEntry(env: Readonly<Record<string, string>> = {}, entry = NODE): Promise<Entry> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [command, ...args] = entry.command;
  const server = await startProcess({
    command,
    args: [...args, `${REPOSITORY}${entry.file}`],
    readyUrl: `${url}/readyz`,
    env: { VOICEFLOW_PORT: String(port), ...env },
  });
  const pids = () => [server.pid, ...childrenOf(server.pid)];
  return {
    ...server,
    url,
    pids,
    cpuSeconds: () => pids().reduce((sum, pid) => sum + (processUsage(pid)?.cpuSeconds ?? 0), 0),
  };
}

export async function withEntry<T>(
  env: Readonly<Record<string, string>>,
  use: (server: Entry) => Promise<T>,
  entry?: EntryFile,
): Promise<T> {
  const server = await startEntry(env, entry);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** A target of `/v1/infer` with a window of noise. */
export function inferTarget(url: string, connections: number, headers: Readonly<Record<string, string>> = {}): Target {
  return createHttpTarget({ url, body: window(), connections, minimumBytes: INFER_ANSWER_BYTES, headers });
}

const window = () => new Uint8Array(noise(WINDOW, seededRandom(1)).buffer);

/** Runs a part of these measures in a process of its own and gives the JSON that it prints. */
export function inner(name: string, ...args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${REPOSITORY}bench/dist/serve.js`, name, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`${name} ended with ${code}`));
      else resolve(JSON.parse(text));
    });
  });
}

/** A value of the server's metrics by the beginning of its line; 0 when it is not there. */
export async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(line));
  return found === undefined ? 0 : Number(found.slice(found.lastIndexOf(' ')));
}

export const LAG_P99 = 'voiceflow_event_loop_lag_seconds{quantile="0.99"}';

export function atMost(name: string, measured: number | undefined, limit: number, unit: string): Verdict {
  const kept = measured !== undefined && measured <= limit;
  return { name, limit: `≤ ${figures(limit)} ${unit}`, unit, kept, measured };
}

export function atLeast(name: string, measured: number | undefined, limit: number, unit: string): Verdict {
  const kept = measured !== undefined && measured >= limit;
  return { name, limit: `≥ ${figures(limit)} ${unit}`, unit, kept, measured };
}

/** Prints the verdicts; the exit code: 1 when one was missed. */
export function conclude(io: BenchIo, verdicts: readonly Verdict[]): number {
  io.out(`\n${formatVerdicts(verdicts)}`);
  return verdicts.every(({ kept }) => kept) ? 0 : 1;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function childrenOf(parent: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
