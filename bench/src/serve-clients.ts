import { execFile } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { type BenchIo, choiceFlag, countFlag, numberFlag, parseFlags } from './args.ts';
import { figures, summaryLine } from './format.ts';
import { closedLoop, warmUp } from './load/loops.ts';
import { formatSessions, runSessions } from './load/sessions.ts';
import { processUsage } from './managed-process.ts';
import {
  atLeast,
  atMost,
  conclude,
  type Entry,
  entryOf,
  inferTarget,
  LAG_P99,
  metric,
  sleep,
  withEntry,
} from './serve-common.ts';
import { median } from './serve-throughput.ts';

const run = promisify(execFile);
const KEY = 'bench-0123456789abcdef';

interface Case {
  readonly status: number;
  readonly path: string;
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
}

const authorized = { authorization: `Bearer ${KEY}` };
const CASES: readonly Case[] = [
  { status: 413, path: '/v1/diarize', bytes: 3_000_000, headers: authorized },
  { status: 401, path: '/v1/diarize', bytes: 3_000_000, headers: {} },
  { status: 503, path: '/v1/infer', bytes: 192_000, headers: authorized },
];

/** 413, 401 and 503 while the client still sends: keep-alive, fetch and curl read every one. */
export async function refusals(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { count: 'string', on: 'string' });
  const count = countFlag(flags, 'count', [1, 100_000], 1000);
  const entry = entryOf(choiceFlag(flags, 'on', ['node', 'bun', 'deno']));
  const env = {
    VOICEFLOW_API_KEYS: `bench:${KEY}`,
    VOICEFLOW_BODY_BYTES: '1000000',
    VOICEFLOW_QUEUE_JOBS: '0',
    VOICEFLOW_WORKERS: '1',
  };
  return withEntry(
    env,
    async (server) => {
      const busy = keepBusy(server.url);
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      const clients: Record<string, (each: Case) => Promise<number>> = {
        'keep-alive': (each) => byAgent(server.url, agent, each),
        fetch: (each) => byFetch(server.url, each),
        curl: (each) => byCurl(server.url, each),
      };
      const verdicts = [];
      for (const [name, ask] of Object.entries(clients)) {
        for (const each of CASES) {
          let read = 0;
          let served = 0;
          const seen = new Map<string, number>();
          // A request that is served after all (the worker was free for a moment) is asked again.
          for (let i = 0; read + (i - served - read) < count && i < 4 * count; i++) {
            const status = await ask(each).catch(
              (error: NodeJS.ErrnoException) => `error-${error.code ?? error.message}`,
            );
            seen.set(String(status), (seen.get(String(status)) ?? 0) + 1);
            if (status === each.status) read++;
            else if (status === 200) served++;
          }
          io.note(`${name} ${each.status}: ${JSON.stringify(Object.fromEntries(seen))}`);
          verdicts.push(atLeast(`${each.status} read by ${name}`, read, count, `of ${count}`));
        }
      }
      agent.destroy();
      busy.stop();
      return conclude(io, verdicts);
    },
    entry,
  );
}

/** Keeps the only worker's two places taken, so that with no queue everybody else is refused. */
function keepBusy(url: string): { stop(): void } {
  const target = inferTarget(url, 6, authorized);
  let stopped = false;
  const client = async () => {
    while (!stopped) if (!(await target.send()).ok) await sleep(1);
  };
  for (let i = 0; i < 6; i++) void client();
  return {
    stop: () => {
      stopped = true;
      target.close();
    },
  };
}

function byAgent(url: string, agent: Agent, { path, bytes, headers }: Case): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}${path}`,
      { method: 'POST', agent, headers: { ...headers, 'content-length': bytes } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          const { status } = response.statusCode === 200 ? { status: 200 } : (JSON.parse(text) as { status: number });
          resolve(status);
        });
      },
    );
    // After the answer a broken pipe tells nothing new; before it, it is the failure that is looked for.
    call.on('error', reject);
    call.end(new Uint8Array(bytes));
  });
}

async function byFetch(url: string, { path, bytes, headers }: Case): Promise<number> {
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  const body = (await response.json()) as { status?: number };
  return body.status ?? response.status;
}

async function byCurl(url: string, { path, bytes, headers }: Case): Promise<number> {
  const type = 'content-type: application/octet-stream';
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const curl = run('curl', [
    '-s',
    '-H',
    type,
    '-w',
    '%{http_code}',
    '-o',
    '/dev/null',
    ...fields,
    '--data-binary',
    '@-',
    `${url}${path}`,
  ]);
  curl.child.stdin?.on('error', () => {});
  curl.child.stdin?.end(new Uint8Array(bytes));
  return Number((await curl).stdout);
}

/** A healthy client beside 500 sockets that send a byte now and then: paired, with and without them. */
export async function slow(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { sockets: 'string', rounds: 'string' });
  const count = countFlag(flags, 'sockets', [1, 10_000], 500);
  const rounds = countFlag(flags, 'rounds', [1, 100], 5);
  return withEntry({}, async (server) => {
    const target = inferTarget(server.url, 1);
    await warmUp(target, 300, 1);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const alone = await closedLoop(target, { requests: 400, concurrency: 1 });
      const sockets = slowSockets(server.url, count);
      await sleep(1000);
      const beside = await closedLoop(target, { requests: 400, concurrency: 1 });
      sockets.stop();
      await sleep(200);
      ratios.push((beside.latency?.p99 ?? Number.NaN) / (alone.latency?.p99 ?? Number.NaN));
      io.out(`alone ${summaryLine(alone.latency)}\nbeside ${summaryLine(beside.latency)}`);
    }
    target.close();
    return conclude(io, [atMost('P99 beside slow sockets, median of rounds', 100 * median(ratios), 110, '% of alone')]);
  });
}

function slowSockets(url: string, count: number): { stop(): void } {
  const { port } = new URL(url);
  const sockets: Socket[] = Array.from({ length: count }, () => {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    socket.write('POST /v1/diarize HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n');
    return socket;
  });
  let next = 0;
  const dripping = setInterval(() => {
    for (let i = 0; i < count / 10; i++) sockets[next++ % count]?.write('x');
  }, 100);
  return {
    stop: () => {
      clearInterval(dripping);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Many live sessions of real-time audio at once, then a thousand that end abruptly. */
export async function sessions(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, {
    sessions: 'string',
    seconds: 'string',
    aborts: 'string',
    latency: 'string',
    step: 'string',
  });
  const count = countFlag(flags, 'sessions', [1, 10_000], 200);
  const seconds = numberFlag(flags, 'seconds', [1, 3600], 30);
  const aborts = countFlag(flags, 'aborts', [0, 100_000], 1000);
  const latency = numberFlag(flags, 'latency', [0.5, 5], 1);
  const step = numberFlag(flags, 'step', [0.25, 1], 0.25);
  return withEntry({}, async (server) => {
    const url = `${server.url}/v1/stream?latency=${latency}&step=${step}`;
    const cpu = server.cpuSeconds();
    const result = await runSessions({ url, sessions: count, seconds, seed: 1 });
    const perSecond = (1000 * (server.cpuSeconds() - cpu)) / (count * seconds);
    io.out(`${formatSessions(result)}\nCPU        ${figures(perSecond)} ms a second of audio`);
    const lag = await metric(server.url, LAG_P99);
    // As often before: what heaps grow to with new work is there then, and what is left besides is found.
    await abrupt(server, url, aborts);
    const before = rss(server);
    await abrupt(server, url, aborts);
    const left = await metric(server.url, 'voiceflow_sessions_active');
    const grown = rss(server) - before;
    io.out(`after ${aborts} abrupt ends, and as many again: ${left} sessions, ${figures(grown)} MB more`);
    return conclude(io, [
      atLeast('sessions that ended well', result.succeeded, count, ''),
      atMost('turn-end after its audio, P99', result.turnEnd?.p99, 1000 * (latency + step), 'ms (latency + step)'),
      atMost('event-loop lag P99', 1000 * lag, 20, 'ms'),
      atMost('sessions left', left, 0, ''),
      atMost('memory left', grown, 50, 'MB'),
    ]);
  });
}

/** Sessions that end in the middle; resolves when the server knows, or should. */
async function abrupt(server: Entry, url: string, count: number): Promise<void> {
  const address = `${url.replace('http', 'ws')}&sampleRate=16000`;
  for (let done = 0; done < count; done += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, count - done) }, async () => {
        const socket = new WebSocket(address).on('error', () => {});
        await new Promise((resolve) => socket.once('message', resolve).once('close', resolve));
        if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(32_000));
        socket.terminate();
      }),
    );
  }
  const deadline = performance.now() + 10_000;
  while ((await metric(server.url, 'voiceflow_sessions_active')) > 0 && performance.now() < deadline) await sleep(50);
}

/** MB of the server and its workers. */
export function rss(server: Entry): number {
  return server.pids().reduce((sum, pid) => sum + (processUsage(pid)?.rss ?? 0), 0);
}
