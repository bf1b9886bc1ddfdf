import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, type FrameSink, writeFrame } from './frames.ts';

function sink(): FrameSink & { written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  return { written, write: (bytes) => written.push(bytes) > 0, cork: () => {}, uncork: () => {}, once: () => {} };
}

describe('frames', () => {
  it('come out as they went in, wherever the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.jsonValue(), fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 })), {
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 40 }),
        (frames, size) => {
          const out = sink();
          for (const [head, body] of frames) writeFrame(out, head, body);
          const bytes = Buffer.concat(out.written);
          const read: [unknown, number[]][] = [];
          const reader = new FrameReader((head, body) => read.push([head, [...body]]));
          for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
          expect(JSON.stringify(read)).toBe(
            JSON.stringify(frames.map(([head, body]) => [head, body.flatMap((b) => [...b])])),
          );
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('have bodies with a buffer of their own, to be handed on without a copy', () => {
    const out = sink();
    writeFrame(out, { a: 1 }, [new Uint8Array(8)]);
    const bodies: Uint8Array[] = [];
    const reader = new FrameReader((_, body) => bodies.push(body));
    reader.push(Buffer.concat(out.written));
    expect(bodies[0]?.buffer.byteLength).toBe(8);
    expect(bodies[0]?.byteOffset).toBe(0);
  });
});
