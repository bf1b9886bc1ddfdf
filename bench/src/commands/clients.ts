import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { integer, number } from '@voiceflow-ml/server/args';
import { WebSocket } from 'ws';
import { command } from '../command.ts';
import { figures, summaryLine } from '../format.ts';
import { closedLoop, warmUp } from '../load/loops.ts';
import { formatSessions, runSessions } from '../load/sessions.ts';
import { inferTarget } from '../load/target.ts';
import { eventLoopLag, metric, startServer, usageOf } from '../server-under-test.ts';
import { atLeast, atMost, conclude } from '../sla.ts';
import { median } from '../stats/summary.ts';

export const slow = command({
  summary: 'latency of a normal client while slow sockets each send a byte now and then',
  options: {
    sockets: integer([1, 10_000], 500, 'number of slow sockets'),
    rounds: integer([1, 100], 5, 'pairs of measurements, with and without the slow sockets'),
  },
  async run({ sockets: number, rounds }, io) {
    await using server = await startServer();
    using target = inferTarget(server.url, 1);
    await warmUp(target, 300, 1);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const alone = await closedLoop(target, { requests: 400, concurrency: 1 });
      const sockets = slowSockets(server.url, number);
      await sleep(1000);
      const beside = await closedLoop(target, { requests: 400, concurrency: 1 });
      sockets.stop();
      await sleep(200);
      ratios.push((beside.latency?.p99 ?? Number.NaN) / (alone.latency?.p99 ?? Number.NaN));
      io.out(`without slow sockets ${summaryLine(alone.latency)}\nwith slow sockets    ${summaryLine(beside.latency)}`);
    }
    const found = 100 * median(ratios);
    return conclude(io, [atMost('P99 with slow sockets, median of rounds', found, 110, '% of P99 without')]);
  },
});

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

export const sessions = command({
  summary: 'concurrent live sessions in real time, then many that disconnect',
  options: {
    sessions: integer([1, 10_000], 200, 'concurrent sessions'),
    seconds: number([1, 3600], 30, 'seconds of audio per session'),
    aborts: integer([0, 100_000], 1000, 'sessions that disconnect; repeated once'),
    latency: number([0.5, 5], 1, 'as in the options of a session'),
    step: number([0.25, 1], 0.25, 'as in the options of a session'),
  },
  async run({ sessions: count, seconds, aborts, latency, step }, io) {
    await using server = await startServer();
    const url = `${server.url}/v1/stream?latency=${latency}&step=${step}`;
    const { cpuSeconds } = usageOf(server);
    const result = await runSessions({ url, sessions: count, seconds, seed: 1 });
    const perSecond = (1000 * (usageOf(server).cpuSeconds - cpuSeconds)) / (count * seconds);
    io.out(`${formatSessions(result)}\nCPU        ${figures(perSecond)} ms per second of audio`);
    const lag = await eventLoopLag(server.url);
    // Repeated once before the measurement, so that normal heap growth is done and only leaks remain visible.
    await abrupt(server.url, url, aborts);
    const before = usageOf(server).rss;
    await abrupt(server.url, url, aborts);
    const left = await metric(server.url, 'voiceflow_sessions_active');
    const grown = usageOf(server).rss - before;
    io.out(`after 2 × ${aborts} disconnects: ${left} sessions, ${figures(grown)} MB more`);
    return conclude(io, [
      atLeast('sessions that succeeded', result.succeeded, count, ''),
      atMost(
        'delay of turn-end after its audio, P99',
        result.turnEnd?.p99,
        1000 * (latency + step),
        'ms (latency + step)',
      ),
      atMost('event-loop lag P99', lag, 20, 'ms'),
      atMost('sessions left', left, 0, ''),
      atMost('memory left', grown, 50, 'MB'),
    ]);
  },
});

/** Starts sessions and disconnects during them. Resolves when the server has noticed, or should have. */
async function abrupt(server: string, url: string, count: number): Promise<void> {
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
  while ((await metric(server, 'voiceflow_sessions_active')) > 0 && performance.now() < deadline) await sleep(50);
}
