import { describe, expect, it } from 'vitest';
import { fastCnn } from 'voiceflow-ml';
import { windowBytes } from '../harness.ts';
import { faults } from '../oip-schema.ts';
import { FRAMES, OCTETS, type Suite } from './suite.ts';

const { version, inputs, outputs } = fastCnn.manifest;

/** The Open Inference Protocol. */
export function oipSuite({ subject, post, problem }: Suite): void {
  describe('the Open Inference Protocol', () => {
    it('describes server and model', async () => {
      expect(await (await subject.fetch('/v2')).json()).toEqual({
        name: 'voiceflow',
        version: expect.any(String),
        extensions: ['binary_tensor_data'],
      });
      expect(await (await subject.fetch('/v2/health/live')).json()).toEqual({ live: true });
      expect(await (await subject.fetch('/v2/health/ready')).json()).toMatchObject({ live: true });
      const described = ({ name, dims }: { name: string; dims: readonly (number | string)[] }) => ({
        name,
        datatype: 'FP32',
        shape: dims.map((dim) => (typeof dim === 'number' ? dim : -1)),
      });
      const metadata = {
        name: 'fast-cnn',
        versions: [version],
        platform: 'onnx_onnxv1',
        inputs: inputs.map(described),
        outputs: outputs.map(described),
      };
      for (const path of ['/v2/models/fast-cnn', `/v2/models/fast-cnn/versions/${version}`]) {
        expect(await (await subject.fetch(path)).json()).toEqual(metadata);
        expect(await (await subject.fetch(`${path}/ready`)).json()).toEqual({ name: 'fast-cnn', ready: true });
      }
      expect(await problem(await subject.fetch('/v2/models/other'))).toMatchObject({ status: 404 });
      expect(await problem(await subject.fetch('/v2/models/fast-cnn/versions/9'))).toMatchObject({ status: 404 });
    });

    it('returns the result of /v1/infer from JSON and from bytes', async () => {
      const direct = await (await post('/v1/infer', windowBytes(), OCTETS)).json();
      const tensor = { name: 'audio', shape: [1, 48_000], datatype: 'FP32' };
      const size = { parameters: { binary_data_size: 192_000 } };
      const head = new TextEncoder().encode(
        JSON.stringify({ id: '7', inputs: [{ ...tensor, ...size }], outputs: [{ name: 'activity' }] }),
      );
      const mixed = await post('/v2/models/fast-cnn/infer', Buffer.concat([head, windowBytes()]), {
        ...OCTETS,
        'inference-header-content-length': String(head.length),
      });
      expect(mixed.status).toBe(200);
      expect(await mixed.json()).toMatchObject({
        model_name: 'fast-cnn',
        model_version: version,
        id: '7',
        outputs: [{ name: 'activity', shape: [1, FRAMES, 2], datatype: 'FP32', data: direct.activity.flat() }],
      });
      const raw = await post(`/v2/models/fast-cnn/versions/${version}/infer`, windowBytes(), {
        ...OCTETS,
        'inference-header-content-length': '0',
      });
      const bytes = Buffer.from(await raw.arrayBuffer());
      const length = Number(raw.headers.get('inference-header-content-length'));
      expect(JSON.parse(bytes.toString('utf8', 0, length)).outputs.map((o: { name: string }) => o.name)).toEqual([
        'embeddings',
        'activity',
      ]);
      const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + length, bytes.byteOffset + bytes.length));
      expect([...values]).toEqual([...direct.embeddings.flat(), ...direct.activity.flat()]);
      const samples = [...new Float32Array(windowBytes().buffer)].map((x) => Math.round(x * 1e4) / 1e4);
      const json = await post('/v2/models/fast-cnn/infer', JSON.stringify({ inputs: [{ ...tensor, data: samples }] }), {
        'content-type': 'application/json',
      });
      expect(json.status).toBe(200);
      expect((await json.json()).outputs[0].data).toHaveLength(384);
    });

    it('conforms to the published schema', async () => {
      const body = JSON.stringify({
        inputs: [{ name: 'audio', shape: [1, 48_000], datatype: 'FP32', data: new Array(48_000).fill(0.01) }],
      });
      const answers = [
        ['metadata_server_response', await subject.fetch('/v2/')],
        ['metadata_model_response', await subject.fetch(`/v2/models/fast-cnn/versions/${version}`)],
        ['inference_response', await post('/v2/models/fast-cnn/infer', body, { 'content-type': 'application/json' })],
        ['error_response', await post('/v2/models/fast-cnn/infer', '{}')],
        ['error_response', await subject.fetch('/v2/models/nothing')],
      ] as const;
      for (const [type, response] of answers) expect(faults(await response.json(), type)).toEqual([]);
      expect(faults({ model_name: 1, outputs: [{ shape: [1.5] }] }, 'inference_response').length).toBeGreaterThan(4);
    });

    it('returns errors in its own format and as problems', async () => {
      const response = await post('/v2/models/fast-cnn/infer', '{}', { 'content-type': 'application/json' });
      expect(await problem(response)).toMatchObject({
        status: 400,
        error: '"inputs" is missing, expected a list of tensors',
      });
      const lying = await post('/v2/models/fast-cnn/infer', '{}', { 'inference-header-content-length': 'x' });
      expect(await problem(lying)).toMatchObject({ code: 'invalid-option' });
    });
  });
}
