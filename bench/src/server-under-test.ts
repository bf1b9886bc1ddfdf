import { unexpected } from '@voiceflow-ml/server/args';
import { SERVER_FLAGS } from '@voiceflow-ml/server/node';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { closedLoop, warmUp } from './load/loops.ts';
import type { LoadResult } from './load/recorder.ts';
import { inferTarget } from './load/target.ts';
import { REPOSITORY } from './machine.ts';
import { freePort, type ManagedProcess, startProcess } from './managed-process.ts';
import { findRuntimes } from './runtimes.ts';

interface ServerOptions {
  /** Worker processes; default: the server's default. */
  readonly workers?: number | undefined;
  /** Further settings: environment variables `VOICEFLOW_…`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces the server on Node: the command and its arguments. */
  readonly command?: readonly [string, ...string[]];
  readonly signal?: AbortSignal | undefined;
}

export interface ServerUnderTest extends ManagedProcess {
  readonly url: string;
}

const NODE = [process.execPath, ...SERVER_FLAGS, `${REPOSITORY}packages/server/dist/main-node.js`] as const;

/** The command of the server on a runtime. @throws `backend-unavailable` when the runtime is not installed. */
export function serverOn(name: 'node' | 'bun' | 'deno'): readonly [string, ...string[]] {
  if (name === 'node') return NODE;
  const runtime = findRuntimes().find((each) => each.name === name);
  if (runtime === undefined || runtime.missing !== undefined) {
    throw new VoiceFlowError('backend-unavailable', runtime?.missing ?? `there is no ${name}`);
  }
  return [runtime.command, ...runtime.before, `${REPOSITORY}packages/server/dist/main-${name}.js`];
}

/**
 * Starts the server of `voiceflow serve` in its own process, on a free port of loopback.
 * @throws `backend-unavailable`.
 */
export async function startServer(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const { workers, env, signal, command: [command, ...args] = NODE } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startProcess({
    command,
    args,
    readyUrl: `${url}/readyz`,
    env: {
      VOICEFLOW_HOST: '127.0.0.1',
      VOICEFLOW_PORT: String(port),
      ...(workers !== undefined && { VOICEFLOW_WORKERS: String(workers) }),
      ...env,
    },
    signal,
  });
  return { ...server, url };
}

/**
 * The server at an address. Without an address, starts a server, which disposal stops.
 * @throws UsageError for text that is no address.
 */
export async function serverAt(
  url: string | undefined,
  options: ServerOptions,
): Promise<Pick<ServerUnderTest, 'url'> & AsyncDisposable> {
  if (url === undefined) return startServer(options);
  if (!URL.canParse(url)) throw unexpected('--url', url, 'an address such as http://127.0.0.1:8080');
  return { url, [Symbol.asyncDispose]: async () => {} };
}

/**
 * A closed loop of windows.
 * @param before Requests before the measurement.
 * @returns The result, and CPU milliseconds of the server and its workers per request, if the system reports them.
 */
export async function loadServer(
  server: ServerUnderTest,
  clients: number,
  requests: number,
  before = Math.max(50, 10 * clients),
): Promise<{ readonly load: LoadResult; readonly cpu: number | undefined }> {
  using target = inferTarget(server.url, clients);
  await warmUp(target, before, clients);
  const start = server.usage();
  const load = await closedLoop(target, { requests, concurrency: clients });
  const end = server.usage();
  return { load, cpu: start && end && (1000 * (end.cpuSeconds - start.cpuSeconds)) / load.requests };
}

/** The value of a server metric, by the beginning of its line; 0 when absent. */
export async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(line));
  return found === undefined ? 0 : Number(found.slice(found.lastIndexOf(' ')));
}

/** P99 of the event loop's lag since the last call, in milliseconds. */
export async function eventLoopLag(url: string): Promise<number> {
  return 1000 * (await metric(url, 'voiceflow_event_loop_lag_seconds{quantile="0.99"}'));
}

/** CPU seconds so far and current megabytes of a server and its workers; NaN if the system does not report them. */
export function usageOf(server: ManagedProcess): { readonly cpuSeconds: number; readonly rss: number } {
  return server.usage() ?? { cpuSeconds: Number.NaN, rss: Number.NaN };
}
