import { VoiceFlowClient, type WebSocketConstructor } from '@voiceflow-ml/server/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer } from 'voiceflow-ml';
import type { LiveEvent } from 'voiceflow-ml/core';
import { WebSocket } from 'ws';
import { runtimes, workerd } from '../runtimes/runtimes.ts';
import { startWorkerd } from '../runtimes/workerd-server.ts';
import { CONVERSATION, NODE_ENTRY, ROOT, type Spawned, spawnServer } from './harness.ts';

const RATE = 16_000;
/** Samples sent at once before the small pieces. */
const AHEAD = 15 * RATE;
const OPTIONS = { sampleRate: RATE, latency: 1, step: 0.5, maxSpeakers: 4 } as const;
const samples = Float32Array.from(
  { length: (CONVERSATION.length - 44) / 2 },
  (_, i) => new DataView(CONVERSATION.buffer).getInt16(44 + 2 * i, true) / 32_768,
);

/** What a session of the SDK tells of the same samples. */
async function direct(): Promise<{ events: LiveEvent[]; turns: unknown }> {
  const diarizer = await createDiarizer();
  const session = diarizer.open(OPTIONS);
  const events: LiveEvent[] = [];
  const listening = (async () => {
    for await (const event of session) events.push(event);
  })();
  await session.push(samples);
  const result = await session.end();
  await listening;
  await diarizer.close();
  return { events, turns: result.toJSON().turns };
}

/** As JSON, without the last bits in which the runtimes' own `exp` differ. */
const rounded = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'number' ? Math.round(each * 1e9) / 1e9 : each)));

/** A process that does not run for so long takes audio that was waiting for audio that comes late. */
const STILL_MS = 1_000;

/** What `work` gives when the machine let this process run all the while: the first such time of at most five. */
async function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    let last = performance.now();
    let longest = 0;
    const tick = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    };
    const timer = setInterval(tick, 20);
    const result = await work();
    clearInterval(timer);
    tick();
    if (longest < STILL_MS || tries === 5) return result;
  }
}

const servers = [
  { name: 'Node', command: [process.execPath, NODE_ENTRY], missing: undefined },
  ...['Bun', 'Deno'].map((name) => {
    const runtime = runtimes().find((each) => each.name === name);
    const command = [...(runtime?.command ?? []), `${ROOT}packages/server/dist/main-${name.toLowerCase()}.js`];
    return { name, command, missing: runtime === undefined ? `there is no ${name}` : runtime.missing };
  }),
];

for (const { name, command, missing } of servers) {
  describe.skipIf(missing !== undefined)(
    `live on ${name}${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      let server: Spawned;
      let expected: Awaited<ReturnType<typeof direct>>;

      beforeAll(async () => {
        server = await spawnServer(command, { VOICEFLOW_WORKERS: '1' });
        expected = await direct();
      });
      afterAll(() => server?.close());

      it('emits the events of the SDK, for concurrent sessions and any chunk sizes', async () => {
        expect(expected.events.filter(({ type }) => type === 'turn-end').length).toBeGreaterThan(3);
        const client = new VoiceFlowClient({
          url: server.url,
          WebSocket: WebSocket as unknown as WebSocketConstructor,
        });
        const heard = async (size: number) => {
          // 16-bit samples are what the file has: nothing is lost on the way.
          const live = client.stream({ ...OPTIONS, encoding: 's16le', reconnects: 0 });
          const events: unknown[] = [];
          const listening = (async () => {
            for await (const event of live) events.push(event);
          })();
          listening.catch(() => {});
          // Audio that is far ahead of real time is in no hurry: none of it is left out, however busy the machine is.
          await live.push(samples.subarray(0, AHEAD));
          for (let at = AHEAD; at < samples.length; at += size) await live.push(samples.subarray(at, at + size));
          const result = await live.end();
          await listening;
          return { events: rounded(events), turns: result.turns, offset: result.offset };
        };
        const wanted = { events: rounded(expected.events), turns: expected.turns, offset: 0 };
        const sessions = await undisturbed(() => Promise.all([700, 1600, 48_000].map(heard)));
        for (const told of sessions) expect(told).toEqual(wanted);
      });

      it('closes open sessions with a request to reconnect when it is drained', async () => {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=${RATE}`);
        const messages: { type: string; code?: string }[] = [];
        socket.on('message', (text) => messages.push(JSON.parse(String(text))));
        const closed = new Promise<number>((resolve) => socket.once('close', resolve));
        while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        server.kill('SIGTERM');
        expect(await closed).toBe(1012);
        expect(messages.at(-1)).toMatchObject({ type: 'error', code: 'closed' });
        expect(await server.exited).toBe(0);
      });
    },
  );
}

const isolate = workerd();

describe.skipIf(isolate.missing !== undefined)(
  `live on workerd${isolate.missing === undefined ? '' : ` (skipped: ${isolate.missing})`}`,
  () => {
    let server: Awaited<ReturnType<typeof startWorkerd>>;

    beforeAll(async () => {
      server = await startWorkerd(isolate, '../../server/programs/workerd.mjs');
    });
    afterAll(() => server?.stop());

    it('emits the turns of the SDK, for two concurrent sessions', async () => {
      const expected = await direct();
      const client = new VoiceFlowClient({ url: server.url, WebSocket: WebSocket as unknown as WebSocketConstructor });
      const spoken = (turns: unknown) =>
        (turns as { start: number; speaker: string }[]).map(({ start, speaker }) => `${speaker} ${start.toFixed(1)}`);
      await Promise.all(
        [1600, 48_000].map(async (size) => {
          const live = client.stream({ ...OPTIONS, encoding: 's16le', reconnects: 0 });
          const types: string[] = [];
          const listening = (async () => {
            for await (const { type } of live) types.push(type);
          })();
          for (let at = 0; at < samples.length; at += size) await live.push(samples.subarray(at, at + size));
          const result = await live.end();
          await listening;
          // WebAssembly differs from native in the last bits: times may differ by a frame,
          expect(spoken(result.turns)).toEqual(spoken(expected.turns));
          // and an event on a threshold may fall on its other side, so their kinds are compared, and that each turn ends.
          expect(new Set(types)).toEqual(new Set(expected.events.map(({ type }) => type)));
          const count = (kind: string) => types.filter((type) => type === kind).length;
          expect(count('turn-start')).toBeGreaterThan(3);
          expect(count('turn-end')).toBe(count('turn-start'));
        }),
      );
    });

    it('rejects an invalid option over the socket, and remains available', async () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?latency=99`);
      const messages: unknown[] = [];
      socket.on('message', (text) => messages.push(JSON.parse(String(text))));
      expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1008);
      expect(messages).toMatchObject([{ type: 'error', code: 'invalid-option' }]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    });
  },
);
