import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AGAIN, ROOT, runProgram, runtimes, workerd } from './runtimes.ts';
import { startWorkerd } from './workerd-server.ts';

/** Every runtime decodes the same samples. */

const FILES = ['talk.mp3', 'talk.m4a', 'talk.opus', 'talk.ogg', 'talk.flac', 'talk.webm', 'gsm.wav'].map((name) =>
  join(ROOT, 'packages/codecs/fixtures', name),
);

interface Measured {
  readonly count: number;
  readonly power: string;
}

const [host, ...others] = runtimes();
const edge = workerd();

async function decodeOn(runtime: typeof host): Promise<{ host: string; results: Measured[] }> {
  if (!runtime) throw new Error('no runtime');
  const { stdout, stderr } = await runProgram(runtime, 'decode.mjs', FILES);
  const line = stdout.split('\n').find((one) => one.startsWith('{'));
  if (!line) throw new Error(`${runtime.name} decoded nothing: ${stderr}`);
  return JSON.parse(line);
}

describe('the decoders', () => {
  let reference: Measured[];
  beforeAll(async () => {
    reference = (await decodeOn(host)).results;
    for (const { count } of reference) expect(count).toBeGreaterThan(31_000);
  });

  for (const runtime of others) {
    it.skipIf(runtime.missing)(`return the same samples on ${runtime.name}`, AGAIN, async () => {
      const { host: name, results } = await decodeOn(runtime);
      expect(name).toMatch(runtime.identity);
      expect(results).toEqual(reference);
    });
  }

  it.skipIf(edge.missing)('return the same samples on workerd, from a stream', AGAIN, async () => {
    const server = await startWorkerd(edge, 'workerd-codecs.mjs');
    try {
      for (const [i, file] of FILES.entries()) {
        const response = await fetch(server.url, { method: 'POST', body: readFileSync(file) });
        const [result] = (await response.json()) as Measured[];
        // Of an MP4 with its index at the end a stream is held; an MP3's padding is cut as in a file.
        expect({ file, ...result }).toEqual({ file, ...reference[i] });
      }
    } finally {
      await server.stop();
    }
  });
});
