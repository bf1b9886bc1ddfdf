import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, fastCnn, wasmBackend } from 'voiceflow-ml';
import { backendCases } from 'voiceflow-ml/testing';
import { ROOT, workerd } from './runtimes.ts';
import { startWorkerd, type WorkerdServer } from './workerd-server.ts';

const AUDIO = join(ROOT, 'examples/audio/conversation.wav');
const SUITE_TIMEOUT_MS = 600_000;
const NAMES = backendCases({ name: 'any', create: () => wasmBackend() }).map(({ name }) => name);

/** There the network runs within the request, and time stands still until it is done. */
const IMPOSSIBLE = ['lets timers fire during runs', 'aborts a running run'];

const runtime = workerd();

describe.skipIf(runtime.missing)(`wasm backend on workerd${runtime.missing ? ` (${runtime.missing})` : ''}`, () => {
  let server: WorkerdServer;
  let results: { case: string; error?: string }[];

  beforeAll(async () => {
    server = await startWorkerd(runtime, 'workerd.mjs');
    results = (await (await fetch(`${server.url}/cases`)).json()) as typeof results;
  }, SUITE_TIMEOUT_MS);
  afterAll(() => server?.stop());

  it.each(NAMES.filter((name) => !IMPOSSIBLE.includes(name)))('%s', (name) => {
    const result = results.find((one) => one.case === name);
    expect(result).toBeDefined();
    expect(result?.error).toBeUndefined();
  });

  it('reports how to pass the compiled module', async () => {
    const answer = (await (await fetch(`${server.url}/bare`)).json()) as { code: string; hint: string };
    expect(answer.code).toBe('backend-unavailable');
    expect(answer.hint).toContain('ort-wasm-simd-threaded.wasm');
  });

  it.skipIf(!existsSync(AUDIO))(
    'returns the same turns of the demo conversation as a server',
    async () => {
      const wav = readFileSync(AUDIO);
      const answer = (await (await fetch(`${server.url}/turns`, { method: 'POST', body: wav })).json()) as {
        turns: { start: number; end: number; speaker: string }[];
      };
      const diarizer = await createDiarizer({ model: fastCnn });
      const { turns } = await diarizer.diarize(wav);
      await diarizer.close();
      expect(turns.length).toBeGreaterThan(10);
      expect(answer.turns.map(({ speaker }) => speaker)).toEqual(turns.map(({ speaker }) => speaker));
      for (const [i, { start, end }] of answer.turns.entries()) {
        expect(Math.abs(start - (turns[i]?.start ?? Number.NaN))).toBeLessThanOrEqual(0.01);
        expect(Math.abs(end - (turns[i]?.end ?? Number.NaN))).toBeLessThanOrEqual(0.01);
      }
    },
    SUITE_TIMEOUT_MS,
  );
});
