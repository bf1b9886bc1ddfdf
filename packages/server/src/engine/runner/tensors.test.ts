import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from 'voiceflow-ml/core';
import { joinChunks } from './bytes.ts';
import { inferTensors, parseInferRequest } from './tensors.ts';

const INPUTS = [{ name: 'audio', type: 'float32', dims: ['N', 4] }] as const;
const MODEL = { id: 'm', version: '1', inputs: INPUTS };

/** The mean of each window, and each sample negated. */
async function run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const audio = feeds.audio;
  if (audio?.type !== 'float32') throw new Error('no audio');
  const [n = 0] = audio.dims;
  const mean = Float32Array.from(
    { length: n },
    (_, i) => audio.data.subarray(i * 4, i * 4 + 4).reduce((a, b) => a + b) / 4,
  );
  return {
    mean: { type: 'float32', dims: [n, 1], data: mean },
    negated: { type: 'float32', dims: [n, 4], data: audio.data.map((x) => -x) },
  };
}

/** A list in a list in a list: deeper than `JSON.stringify` goes. */
const nested = (depth: number) => {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)) as Uint8Array<ArrayBuffer>;
const decode = (reply: { body: Uint8Array }) => JSON.parse(new TextDecoder().decode(reply.body));
const ask = (value: unknown, length?: number) => inferTensors(bytes(value), length, MODEL, run);

describe('the Open Inference Protocol', () => {
  it('reads and writes JSON, nested or flat', async () => {
    for (const data of [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ]) {
      const reply = await ask({ id: 'q', inputs: [{ name: 'audio', shape: [2, 4], datatype: 'FP32', data }] });
      expect(reply.contentType).toBe('application/json');
      expect(decode(reply)).toEqual({
        model_name: 'm',
        model_version: '1',
        id: 'q',
        outputs: [
          { name: 'mean', shape: [2, 1], datatype: 'FP32', data: [2.5, 6.5] },
          { name: 'negated', shape: [2, 4], datatype: 'FP32', data: [-1, -2, -3, -4, -5, -6, -7, -8] },
        ],
      });
    }
  });

  it('reads and writes raw tensors after the JSON, in order', async () => {
    const audio = Float32Array.from([1, 2, 3, 4]);
    const head = bytes({
      inputs: [{ name: 'audio', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } }],
      outputs: [{ name: 'negated', parameters: { binary_data: true } }, { name: 'mean' }],
    });
    // Any offset, so that the tensor is not aligned.
    for (const pad of ['', ' ', '  ', '   ']) {
      const json = joinChunks([head, new TextEncoder().encode(pad) as Uint8Array<ArrayBuffer>]);
      const body = joinChunks([json, new Uint8Array(audio.buffer)]);
      const reply = await inferTensors(body, json.length, MODEL, run);
      const length = Number(reply.headers['inference-header-content-length']);
      expect(decode({ body: reply.body.subarray(0, length) }).outputs).toEqual([
        { name: 'negated', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } },
        { name: 'mean', shape: [1, 1], datatype: 'FP32', data: [2.5] },
      ]);
      expect([...new Float32Array(reply.body.slice(length).buffer)]).toEqual([-1, -2, -3, -4]);
    }
  });

  it('accepts a body of raw data only, and then returns raw data', async () => {
    const reply = await inferTensors(new Uint8Array(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer), 0, MODEL, run);
    const length = Number(reply.headers['inference-header-content-length']);
    expect([...new Float32Array(reply.body.slice(length).buffer)]).toEqual([2.5, 6.5, -1, -2, -3, -4, -5, -6, -7, -8]);
    expect(reply.windows).toBe(2);
  });

  it('reports invalid requests', async () => {
    const tensor = { name: 'audio', shape: [1, 4], datatype: 'FP32', data: [1, 2, 3, 4] };
    const cases: [unknown, RegExp][] = [
      [[], /not a JSON object/],
      [{}, /"inputs" is missing/],
      [{ inputs: [] }, /must contain "audio" exactly once/],
      [{ inputs: [tensor, tensor] }, /must contain "audio" exactly once/],
      [{ inputs: [{ ...tensor, name: 'x' }] }, /there is no input "x", expected audio/],
      [{ inputs: [{ ...tensor, datatype: 'FP16' }] }, /"FP16", expected FP32/],
      [{ inputs: [{ ...tensor, shape: [1, 5] }] }, /expected \[1–64, 4\]/],
      [{ inputs: [{ ...tensor, shape: [65, 4] }] }, /expected \[1–64, 4\]/],
      [{ inputs: [{ ...tensor, shape: [1e9, 4] }] }, /expected \[1–64, 4\]/],
      [{ inputs: [{ ...tensor, data: [1, 2, 3] }] }, /has 3 numbers, expected 4/],
      [{ inputs: [{ ...tensor, data: [1, 2, 3, '4'] }] }, /not a number/],
      [{ inputs: [{ ...tensor, data: [1, 2, 3, 1e300] }] }, /is Infinity at index 3, expected finite/],
      [{ inputs: [{ ...tensor, data: [1, -1e18, 3, 4] }] }, /is -\S+ at index 1, expected finite/],
      [{ inputs: [{ ...tensor, parameters: { binary_data_size: 15 } }] }, /expected 16/],
      [{ inputs: [{ ...tensor, parameters: { binary_data_size: 16 } }] }, /body ends before/],
      [{ inputs: [tensor], outputs: [{ name: 'x' }] }, /there is no output "x", expected mean, negated/],
      [{ inputs: [tensor], outputs: [{ name: 'mean' }, { name: 'mean' }] }, /"mean" is requested twice/],
      [{ inputs: [{ ...tensor, name: { toString: 1 } }] }, /the name of an input is an object, expected text/],
      [{ inputs: [{ ...tensor, datatype: { toString: 1 } }] }, /is an object, expected FP32/],
      [{ inputs: [{ ...tensor, shape: [nested(1_000)] }] }, /is \[a list\], expected/],
      [{ inputs: [tensor], id: { toString: 1 } }, /id is an object, expected text/],
    ];
    for (const [request, message] of cases) {
      await expect(ask(request), String(message)).rejects.toThrow(message);
      await expect(ask(request)).rejects.toMatchObject({ code: 'invalid-option' });
    }
    await expect(ask({ inputs: [tensor] }, 9999)).rejects.toThrow(/9999, but the body has/);
    await expect(inferTensors(new Uint8Array(17), 0, MODEL, run)).rejects.toThrow(/multiple of 16/);
    await expect(inferTensors(new Uint8Array(3), undefined, MODEL, run)).rejects.toThrow(/not valid JSON/);
  });

  it('throws only typed errors for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, data) => {
        const tensor = { name: 'audio', shape: [1, 4], datatype: 'FP32', data, parameters: value };
        for (const request of [value, { inputs: value }, { inputs: [tensor] }, { inputs: [tensor], outputs: value }]) {
          try {
            parseInferRequest(bytes(request), undefined, INPUTS);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid-option' });
          }
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
