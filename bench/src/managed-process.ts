import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { VoiceFlowError } from 'voiceflow-ml/core';

/** Resource usage of a process so far. Whether its children are included depends on the function. */
interface ProcessUsage {
  readonly cpuSeconds: number;
  /** Current resident memory in megabytes. */
  readonly rss: number;
}

/** A started process. Disposal stops it, with ten seconds of grace. */
export interface ManagedProcess extends AsyncDisposable {
  readonly pid: number;
  /** Usage including child processes; undefined except on Linux. */
  usage(): ProcessUsage | undefined;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Sends SIGTERM, and SIGKILL if the process has not ended after `grace` milliseconds. */
  stop(grace?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** The last part of its output. */
  output(): string;
}

interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** URL that responds with 2xx when the process is ready. */
  readonly readyUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds in which it must become ready. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const CLOCK_TICKS = 100;
/** Long enough for a busy machine. */
const TIMEOUT_MS = 300_000;
const POLL_INTERVAL = 50;
const KEPT_OUTPUT = 2000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process and waits until it responds. @throws `backend-unavailable` with the end of its output. */
export async function startProcess(options: StartOptions): Promise<ManagedProcess> {
  const child = spawn(options.command, [...options.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  running.add(child);
  let output = '';
  const listen = (text: Buffer) => {
    output = (output + text.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  let ended: number | string | undefined;
  const exited = new Promise<number | string>((resolve) => {
    const end = (how: number | string) => {
      ended = how;
      running.delete(child);
      resolve(how);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(code ?? signal ?? 'unknown'));
  });
  const managed: ManagedProcess = {
    pid: child.pid ?? -1,
    usage: () => treeUsage(child.pid ?? -1),
    exited,
    kill: (signal) => void child.kill(signal),
    output: () => output.trim(),
    async stop(grace = 10_000) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), grace);
      await exited;
      clearTimeout(timer);
    },
    [Symbol.asyncDispose]: () => managed.stop(),
  };
  const until = performance.now() + (options.timeoutMs ?? TIMEOUT_MS);
  while (!(await answers(options.readyUrl))) {
    const late = performance.now() > until;
    if (ended === undefined && !late && !options.signal?.aborted) {
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
      continue;
    }
    if (ended === undefined) await managed.stop(1000);
    const why = late ? 'was not ready in time' : `ended with ${ended} before it was ready`;
    const command = [options.command, ...options.args].join(' ');
    throw new VoiceFlowError('backend-unavailable', `\`${command}\` ${why}: ${output.trim()}`);
  }
  return managed;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Usage of a process and its children, from /proc; undefined when there is none. */
export function treeUsage(pid: number): ProcessUsage | undefined {
  const usages = processTree(pid).flatMap((each) => processUsage(each) ?? []);
  if (usages.length === 0) return undefined;
  const sum = (name: keyof ProcessUsage) => usages.reduce((total, usage) => total + usage[name], 0);
  return { cpuSeconds: sum('cpuSeconds'), rss: sum('rss') };
}

/** Usage of one process, its threads, and its ended children. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    // The name in parentheses may contain spaces, so fields are counted after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, kilobytes = 0] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    // User and system time of the process itself and of its ended children.
    const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
    return { cpuSeconds: ticks / CLOCK_TICKS, rss: Number(kilobytes) / 1024 };
  } catch {
    return undefined;
  }
}

function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

/** Living child processes, started by any of its threads; none without /proc. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Ports below those that systems give to connections: 32768 and more on Linux, 49152 and more elsewhere. */
const PORTS = [20_000, 32_000] as const;
const MOST_TRIES = 100;

/** A currently free port that no connection gets in the meantime, as one that the system chose could. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(...PORTS);
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
    } catch (error) {
      if (tries < MOST_TRIES) continue;
      throw error;
    }
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
