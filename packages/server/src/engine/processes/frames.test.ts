import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, type FrameSink, writeFrame } from './frames.ts';

function sink(): FrameSink & { written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  return { written, write: (bytes) => written.push(bytes) > 0, cork: () => {}, uncork: () => {} };
}

/** Any object with a type. */
const HEAD = fc.record({ type: fc.string(), value: fc.jsonValue() });

describe('frames', () => {
  it('are read as they were written, for any chunk boundaries of the pipe', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(HEAD, fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 })), {
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

  it('have bodies with their own buffer, which can be transferred without a copy', () => {
    const out = sink();
    writeFrame(out, { type: 'a' }, [new Uint8Array(8)]);
    const bodies: Uint8Array[] = [];
    const reader = new FrameReader((_, body) => bodies.push(body));
    reader.push(Buffer.concat(out.written));
    expect(bodies[0]?.buffer.byteLength).toBe(8);
    expect(bodies[0]?.byteOffset).toBe(0);
  });

  it('are distinguished from other output, and are limited in size', () => {
    const frame = (mark: number, head: number, body: number, json = '') => {
      const bytes = Buffer.alloc(12 + json.length);
      for (const [i, value] of [mark, head, body].entries()) bytes.writeUInt32LE(value, 4 * i);
      bytes.write(json, 12);
      return bytes;
    };
    const out = sink();
    writeFrame(out, { type: 'a' });
    const mark = Buffer.concat(out.written).readUInt32LE(0);
    const read = (bytes: Uint8Array) => () => new FrameReader(() => {}).push(bytes);
    expect(read(Buffer.from('libfoo: warning 42\n'))).toThrow(
      /an invalid frame: the output begins with "libfoo: warn"/,
    );
    expect(read(frame(mark, 0xffffffff, 0))).toThrow(/lengths of 4294967295 and 0/);
    expect(read(frame(mark, 2, 0xffffffff))).toThrow(/lengths of 2 and 4294967295/);
    expect(read(frame(mark, 0, 0, 'x'))).toThrow(/lengths of 0 and 0/);
    for (const json of ['{', '[]', 'null', '{}', '{"type":1}']) {
      expect(read(frame(mark, json.length, 0, json)), json).toThrow(/the first part is not a message/);
    }
  });
});
