import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { openBytes } from './bytes.ts';

const BYTES = Uint8Array.from({ length: 5_000 }, (_, i) => i * 31);

/** A stream of these chunks that counts what is taken and notes its canceling. */
function streamOf(chunks: readonly unknown[], end: 'close' | 'hang' | Error = 'close') {
  const state = { pulled: 0, canceled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[state.pulled];
        if (state.pulled++ < chunks.length) controller.enqueue(chunk as Uint8Array);
        else if (end === 'close') controller.close();
        else if (end !== 'hang') controller.error(end);
        else return new Promise(() => {});
        return undefined;
      },
      cancel() {
        state.canceled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

describe('openBytes', () => {
  it('reads the same in calls of any size from memory, a blob and a stream in any chunks', async () => {
    const calls = fc.array(fc.tuple(fc.constantFrom('read', 'skip', 'peek'), fc.integer({ min: 0, max: 1_500 })), {
      maxLength: 12,
    });
    const sizes = fc
      .array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 6 })
      .filter((all) => all.some((n) => n > 0));
    await fc.assert(
      fc.asyncProperty(calls, sizes, async (plan, chunkSizes) => {
        const readers = [BYTES, BYTES.buffer, new Blob([BYTES]), streamOf(cut(BYTES, chunkSizes)).stream].map((one) =>
          openBytes(one),
        );
        let position = 0;
        for (const [call, count] of plan) {
          const there = Math.min(count, BYTES.length - position);
          for (const reader of readers) {
            const got = await reader[call](count);
            if (typeof got === 'number') expect(got).toBe(there);
            else expect(Buffer.from(got)).toEqual(Buffer.from(BYTES.subarray(position, position + there)));
          }
          if (call !== 'peek') position += there;
          for (const reader of readers) expect(reader.position).toBe(position);
        }
        for (const reader of readers) await reader.close();
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it('seeks back if the input supports it', async () => {
    for (const reader of [openBytes(BYTES), openBytes(new Blob([BYTES]))]) {
      await reader.skip(4_000);
      reader.seek?.(10);
      expect(await reader.read(3)).toEqual(BYTES.subarray(10, 13));
      expect(reader.size).toBe(BYTES.length);
    }
    expect(openBytes(streamOf([]).stream).seek).toBeUndefined();
  });

  it('reads only the requested slices of a blob', async () => {
    const ranges: [number, number][] = [];
    const size = 50_000_000_000;
    const blob = {
      size,
      type: '',
      slice(from: number, to: number) {
        ranges.push([from, to]);
        return { arrayBuffer: async () => new ArrayBuffer(Math.min(to, size) - from) };
      },
      arrayBuffer: () => Promise.reject(new Error('the whole blob was read')),
    };
    const reader = openBytes(blob as unknown as Blob);
    await reader.read(100);
    await reader.read(1_000);
    await reader.skip(40_000_000_000);
    expect(await reader.read(64)).toHaveLength(64);
    expect(ranges).toEqual([
      [0, 1 << 20],
      [40_000_001_100, 40_000_001_100 + (1 << 20)],
    ]);
  });

  it('reads no more of a stream than requested', async () => {
    const { stream, state } = streamOf(cut(BYTES, [100]));
    const reader = openBytes(stream);
    await reader.read(250);
    expect(state.pulled).toBe(3);
    await reader.close();
    expect(state.canceled).toBe(true);
    await reader.close();
  });
});

describe('limits', () => {
  it('checks a stream by the received bytes', async () => {
    const { stream, state } = streamOf(cut(BYTES, [1_000]), 'hang');
    const reader = openBytes(stream, { maxBytes: 2_500 });
    await reader.skip(2_000);
    await expect(reader.read(1_000)).rejects.toThrow(expect.objectContaining({ code: 'audio-too-large' }));
    await reader.close();
    expect(state.canceled).toBe(true);
  });

  it('checks blobs and memory by their size', () => {
    for (const input of [BYTES, new Blob([BYTES])]) {
      expect(() => openBytes(input, { maxBytes: 4_999 })).toThrow(expect.objectContaining({ code: 'audio-too-large' }));
      expect(openBytes(input, { maxBytes: 5_000 }).size).toBe(5_000);
    }
  });
});

describe('failures', () => {
  it('rejects a pending read on abort and cancels the stream', async () => {
    const controller = new AbortController();
    const { stream, state } = streamOf([BYTES], 'hang');
    const reader = openBytes(stream, { signal: controller.signal });
    const waiting = reader.read(10_000);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow(expect.objectContaining({ code: 'aborted', cause: expect.any(Error) }));
    expect(state.canceled).toBe(true);
  });

  it('does not wait for a stream whose cancel never settles', async () => {
    const reader = openBytes(new ReadableStream<Uint8Array>({ cancel: () => new Promise(() => {}) }));
    await reader.close();
  });

  it('rejects if already aborted', () => {
    expect(() => openBytes(BYTES, { signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });

  it('reads async iterables, such as streams of Node', async () => {
    const collected = async (input: AsyncIterable<Uint8Array>) => [...(await openBytes(input).read(1 << 20))];
    async function* pieces() {
      yield* cut(BYTES, [100, 1, 7]);
    }
    expect(await collected(pieces())).toEqual([...BYTES]);
    expect(await collected(Readable.from(cut(BYTES, [100])))).toEqual([...BYTES]);
    const controller = new AbortController();
    const pending = openBytes(new Readable({ read() {} }), { signal: controller.signal }).read(1);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'aborted' });
  });

  it('converts errors of streams and blobs to VoiceFlowError', async () => {
    const reader = openBytes(streamOf([BYTES], new Error('connection reset')).stream);
    await expect(reader.read(9_999)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-audio', message: expect.stringContaining('connection reset') }),
    );
    await reader.close();
    const gone = {
      size: 9,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('file is gone')) }),
      arrayBuffer() {},
    };
    await expect(openBytes(gone as unknown as Blob).read(4)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-audio' }),
    );
    const typed = openBytes(streamOf([], new VoiceFlowError('overloaded', 'busy')).stream);
    await expect(typed.read(1)).rejects.toThrow(expect.objectContaining({ code: 'overloaded' }));
  });

  it('takes bytes that were transferred as empty', async () => {
    const buffer = new ArrayBuffer(100);
    structuredClone(buffer, { transfer: [buffer] });
    expect(await openBytes(buffer).read(1)).toHaveLength(0);
    const bytes = new Uint8Array(100);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(await openBytes(bytes).read(1)).toHaveLength(0);
  });

  it('rejects locked streams and chunks that are not bytes', async () => {
    const { stream } = streamOf([]);
    stream.getReader();
    expect(() => openBytes(stream)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    await expect(openBytes(streamOf(['text']).stream).read(1)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining('string') }),
    );
  });
});
