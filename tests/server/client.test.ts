import {
  type AppType,
  type ClientLiveEvent,
  VoiceFlowClient,
  type WebSocketConstructor,
} from '@voiceflow-ml/server/client';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { build } from 'esbuild';
import { hc, type InferResponseType } from 'hono/client';
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { WebSocket } from 'ws';
import { CONVERSATION, inProcess, NO_HURRY, ROOT, type Subject, TOY, windowSamples } from './harness.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error) => (VoiceFlowError.isInstance(error) ? error.code : String(error)),
  );

describe('VoiceFlowClient', () => {
  const key = 'key-0123456789abcdef';
  let subject: Subject;
  let client: VoiceFlowClient;
  const fetch = (url: string, init?: RequestInit) => subject.fetch(url.replace('http://in.process', ''), init);

  beforeAll(async () => {
    subject = await inProcess({ keys: [{ name: 'test', key }], limits: NO_HURRY });
    client = new VoiceFlowClient({ url: 'http://in.process/', key, fetch });
  });
  afterAll(() => subject?.close());

  it('infers, embeds and diarizes, with progress and options', async () => {
    const window = await client.infer(windowSamples());
    expect(window.embeddings[1]).toHaveLength(192);
    const { embedding, space } = await client.embed(CONVERSATION, { segment: { start: 0.6, end: 6 } });
    const progress: number[] = [];
    const known = [{ name: 'Ann', space, embedding: Float32Array.from(embedding) }];
    const onProgress = ({ done }: { done: number }) => progress.push(done);
    const found = await client.diarize(new Blob([CONVERSATION]), {
      maxSpeakers: 3,
      known,
      exclusive: true,
      onProgress,
    });
    expect(progress.length).toBeGreaterThan(0);
    expect(found.speakers.map(({ name }) => name)).toContain('Ann');
    expect(found.exclusive?.length).toBeGreaterThan(0);
    const plain = await client.diarize(CONVERSATION, { maxSpeakers: 3, known, exclusive: true });
    expect(plain.turns).toEqual(found.turns);
  });

  it('throws VoiceFlowError with the server’s codes and hints', async () => {
    expect(await codeOf(client.infer(new Float32Array(3)))).toBe('invalid-audio');
    expect(await codeOf(client.diarize(new Blob(['hello'])))).toBe('unsupported-format');
    expect(await codeOf(client.diarize(CONVERSATION, { numSpeakers: 2, maxSpeakers: 2 }))).toBe('invalid-option');
    expect(await codeOf(client.diarize(CONVERSATION, { deadlineMs: 1, onProgress: () => {} }))).toMatch(
      /deadline-exceeded|overloaded/,
    );
    expect(await codeOf(client.diarize(CONVERSATION, { signal: AbortSignal.abort() }))).toBe('aborted');
    const stranger = new VoiceFlowClient({ url: 'http://in.process', fetch });
    await expect(stranger.infer(windowSamples())).rejects.toMatchObject({
      code: 'unauthorized',
      hint: expect.stringContaining('Bearer'),
    });
    expect(await codeOf(new VoiceFlowClient({ url: 'http://127.0.0.1:1' }).infer(windowSamples()))).toBe(
      'backend-failed',
    );
    const proxy = new VoiceFlowClient({
      url: 'http://x',
      fetch: async () => new Response('<h1>Bad gateway', { status: 503, headers: { 'retry-after': '7' } }),
    });
    await expect(proxy.infer(windowSamples())).rejects.toMatchObject({ code: 'overloaded', retryAfter: 7 });
    expect(() => new VoiceFlowClient({ url: 'nonsense' })).toThrow(/expected an http\(s\) address/);
  });

  it('has types for Hono’s client', async () => {
    const rpc = hc<AppType>('http://in.process', { fetch: fetch as typeof globalThis.fetch });
    const ready = await (await rpc.readyz.$get()).json();
    expectTypeOf(ready.status).toEqualTypeOf<'ready' | 'starting' | 'draining'>();
    expect(ready).toEqual({ status: 'ready' });
    const authorization = { headers: { authorization: `Bearer ${key}` } };
    const model = await rpc.v2.models[':model'].$get({ param: { model: 'fast-cnn' } }, authorization);
    expect(await model.json()).toMatchObject({ name: 'fast-cnn' });
    const body = new Uint8Array(windowSamples().buffer);
    const answer = await rpc.v1.infer.$post({}, { ...authorization, init: { body } });
    if (answer.status !== 200) throw new Error(String(answer.status));
    const window = await answer.json();
    expectTypeOf(window.embeddings).toExtend<readonly (readonly number[])[]>();
    expect(window.activity.length).toBeGreaterThan(10);
    // Jobs are among them, though this server keeps none.
    type Job = InferResponseType<(typeof rpc.v1.jobs)[':id']['$get'], 200>;
    expectTypeOf<Job['state']>().toEqualTypeOf<'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'>();
    expect((await rpc.v1.jobs.$get({ query: { limit: '5' } }, authorization)).status).toBe(404);
  });

  it('bundles for browsers: one file without Node modules', async () => {
    const built = await build({
      entryPoints: [`${ROOT}packages/server/dist/client.js`],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      minify: true,
    });
    expect(built.outputFiles[0]?.text).not.toMatch(/node:|require\(/);
    expect(built.outputFiles[0]?.contents.length).toBeLessThan(40_000);
  });
});

describe('VoiceFlowClient.stream', () => {
  const servers: RunningServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  const serve = async (port = 0) => {
    const server = await serveNode({ port, workers: 1, command: TOY, log: () => {} });
    servers.push(server);
    return server;
  };
  const clientOf = (url: string) =>
    new VoiceFlowClient({ url, WebSocket: WebSocket as unknown as WebSocketConstructor });
  const gather = (live: AsyncIterable<ClientLiveEvent>) => {
    const events: ClientLiveEvent[] = [];
    const done = (async () => {
      for await (const event of live) events.push(event);
    })();
    done.catch(() => {});
    return { events, done };
  };

  it('sends samples and returns events and the result', async () => {
    const server = await serve();
    for (const [encoding, width] of [
      ['s16le', 2],
      ['f32le', 4],
    ] as const) {
      const live = clientOf(server.url).stream({ sampleRate: 16_000, encoding });
      const { events, done } = gather(live);
      for (let i = 0; i < 10; i++) await live.push(new Float32Array(1600));
      const result = await live.end();
      await done;
      expect(result).toMatchObject({ bytes: 16_000 * width, encoding, offset: 0 });
      expect(events).toEqual([{ type: 'speaker', speaker: 'SPEAKER_00' }]);
      await expect(live.push(new Float32Array(1))).rejects.toMatchObject({ code: 'closed' });
    }
  });

  it('reconnects after a lost connection, and continues with the audio under new labels', async () => {
    const server = await serve();
    const { port } = new URL(server.url);
    const live = clientOf(server.url).stream({ sampleRate: 16_000, reconnects: 20 });
    const { events, done } = gather(live);
    await live.push(new Float32Array(16_000));
    while (events.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.close();
    await live.push(new Float32Array(8_000));
    await serve(Number(port));
    while (events.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const result = await live.end();
    await done;
    expect(events).toEqual([
      { type: 'speaker', speaker: 'SPEAKER_00' },
      { type: 'reconnect', at: 1, lost: 0 },
      { type: 'speaker', speaker: '2/SPEAKER_00' },
    ]);
    expect(result).toMatchObject({ bytes: 16_000, offset: 1 });
  });

  it('keeps the newest audio during a long disconnection, and reports what is lost', async () => {
    const server = await serve();
    const { port } = new URL(server.url);
    const live = clientOf(server.url).stream({ sampleRate: 16_000, reconnects: 20, bufferSeconds: 2 });
    const { events } = gather(live);
    while (events.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.close();
    for (let i = 0; i < 5; i++) await live.push(new Float32Array(16_000));
    await serve(Number(port));
    while (events.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(events[1]).toEqual({ type: 'reconnect', at: 3, lost: 3 });
    expect(await live.end()).toMatchObject({ bytes: 64_000, offset: 3 });
  });

  it('rejects after the reconnect timeout, and immediately if the server rejects the session', async () => {
    const gone = clientOf('http://127.0.0.1:1').stream({ sampleRate: 16_000, reconnects: 1 });
    expect(await codeOf(gather(gone).done)).toBe('backend-failed');
    const full = await serveNode({ port: 0, workers: 1, command: TOY, log: () => {}, limits: { sessions: 0 } });
    servers.push(full);
    expect(await codeOf(gather(clientOf(full.url).stream({ sampleRate: 16_000, reconnects: 1 })).done)).toBe(
      'overloaded',
    );
    const server = await serve();
    const bad = clientOf(server.url).stream({ sampleRate: 16_000, encoding: 'mp3' as 's16le' });
    expect(await codeOf(gather(bad).done)).toBe('invalid-option');
    expect(await codeOf(bad.end())).toBe('invalid-option');
    const dropped = clientOf(server.url).stream({ sampleRate: 16_000 });
    dropped.close();
    expect(await codeOf(gather(dropped).done)).toBe('ok');
  });

  it('requires a WebSocket', () => {
    if (globalThis.WebSocket !== undefined) return;
    expect(() => new VoiceFlowClient({ url: 'http://x' }).stream({ sampleRate: 1 })).toThrow(/no WebSocket/);
  });
});
