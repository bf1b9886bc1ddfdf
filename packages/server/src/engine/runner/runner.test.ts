import { expect, it } from 'vitest';
import type { Diarizer, ModelManifest, Progress } from 'voiceflow-ml/core';
import type { Task } from '../engine.ts';
import { TaskRunner } from './runner.ts';

const manifest = { id: 'm', version: '1', space: 's' } as ModelManifest;
const STEP: Progress = { stage: 'model', done: 1, total: 2 };
/** Tells one step of progress, whatever it is asked. */
const diarizer = {
  async diarize(_: unknown, { onProgress }: { onProgress?: (progress: Progress) => void }) {
    onProgress?.(STEP);
    return { timings: { load: 0 }, duration: 2, toJSON: () => ({}) };
  },
  async embed(_: unknown, { onProgress }: { onProgress?: (progress: Progress) => void }) {
    onProgress?.(STEP);
    return [Float32Array.of(1, 0)];
  },
} as unknown as Diarizer;

// The deadline of a recording counts from its last step: what tells none would be given up while it gets on.
it.each(['diarize', 'embed'] as const)('reports the progress of %s', async (kind) => {
  const runner = new TaskRunner({ manifest, diarizer, openAudio: () => Promise.reject(new Error('not used')) });
  const task: Task = { kind, contentType: 'audio/wav', output: 'json', params: {}, maxSeconds: 60 };
  const seen: Progress[] = [];
  await runner.run(task, new Uint8Array(8), {
    signal: new AbortController().signal,
    onProgress: (progress) => seen.push(progress),
  });
  expect(seen).toEqual([STEP]);
});
