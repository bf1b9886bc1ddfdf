import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openAudio } from 'voiceflow-ml/core';
import { codecs } from './node.ts';
import { Pace } from './pace.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
/** Frames that stand by themselves: the file is as good many times over. */
const STREAMS = ['talk.mp3', 'talk.aac', 'talk.ogg', 'talk.opus'];
const WHOLE = ['talk.flac', 'talk.m4a', 'talk.webm', 'adpcm_ms.wav', 'gsm.wav', 'talk.aifc'];

function again(name: string, times: number): Uint8Array<ArrayBuffer> {
  const file = readFileSync(new URL(name, FIXTURES));
  const all = new Uint8Array(times * file.length);
  for (let i = 0; i < times; i++) all.set(file, i * file.length);
  return all;
}

/** Blocks that were read before, and after, nobody waited for them. */
async function readUntilAborted(bytes: Uint8Array<ArrayBuffer>, when: 'at once' | 'while it opens' | 'after a block') {
  const controller = new AbortController();
  if (when === 'at once') controller.abort();
  // A macrotask: it runs only where the decoder gives way.
  if (when === 'while it opens') setImmediate(() => controller.abort());
  let after = 0;
  const run = async () => {
    const { signal } = controller;
    const source = await openAudio(bytes, { sampleRate: 16_000, decoders: codecs, signal });
    for (let part = await source.read(); part; part = await source.read()) {
      if (controller.signal.aborted) after++;
      if (when === 'after a block') controller.abort();
    }
  };
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, after };
}

describe('an aborted decoder', () => {
  it.each(STREAMS)('%s: stops during decoding, at the next block', async (name) => {
    // Ten minutes: some hundred times as much as one slice of work.
    const bytes = again(name, 300);
    for (const when of ['at once', 'while it opens', 'after a block'] as const) {
      const { error, after } = await readUntilAborted(bytes, when);
      expect(error, when).toMatchObject({ code: 'aborted' });
      expect(after, when).toBeLessThanOrEqual(1);
    }
  });

  it.each(WHOLE)('%s: stops immediately, and after a block', async (name) => {
    for (const when of ['at once', 'after a block'] as const) {
      expect((await readUntilAborted(again(name, 1), when)).error, when).toMatchObject({ code: 'aborted' });
    }
  });
});

describe('Pace', () => {
  it('is due after a time slice or an abort, and yields to pending tasks', async () => {
    let now = 0;
    const controller = new AbortController();
    const pace = new Pace(controller.signal, () => now);
    expect(pace.due).toBe(false);
    now = 15;
    expect(pace.due).toBe(true);
    let others = 0;
    setImmediate(() => others++);
    await pace.pause();
    expect(others).toBe(1);
    expect(pace.due).toBe(false);
    controller.abort();
    expect(pace.due).toBe(true);
    await expect(pace.pause()).rejects.toMatchObject({ code: 'aborted' });
  });
});
