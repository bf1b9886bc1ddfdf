import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type BenchIo, countFlag, numberFlag, parseFlags } from './args.ts';
import { figures, summaryLine } from './format.ts';
import { closedLoop, warmUp } from './load/loops.ts';
import { formatSessions, runSessions } from './load/sessions.ts';
import { processUsage } from './managed-process.ts';
import {
  atLeast,
  atMost,
  conclude,
  type Entry,
  inferTarget,
  LAG_P99,
  metric,
  sleep,
  withEntry,
} from './serve-common.ts';
import { median } from './serve-throughput.ts';

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
