import { describe, expect, it } from 'vitest';
import { windowBytes, windowWav } from '../harness.ts';
import { FRAMES, MODEL, OCTETS, type Suite } from './suite.ts';

/** Inference on single windows. */
export function inferSuite({ post, problem, timeStandsStill, cutsUploads }: Suite): void {
  describe('POST /v1/infer', () => {
    it('returns JSON or bytes, the same for raw samples and for a WAV file', async () => {
      const json = await post('/v1/infer', windowBytes(), OCTETS);
      expect(json.status).toBe(200);
      expect(json.headers.get('server-timing')).toMatch(/queue;dur=[\d.]+.*decode;dur=.*model;dur=.*total;dur=/);
      const found = await json.json();
      expect(found.model).toEqual(MODEL);
      expect(found.embeddings.map((row: number[]) => row.length)).toEqual([192, 192]);
      expect(found.activity).toHaveLength(FRAMES);
      expect(found.timings.model).toBeGreaterThanOrEqual(timeStandsStill ? 0 : 0.01);
      const binary = await post('/v1/infer', windowBytes(), { ...OCTETS, accept: 'application/octet-stream' });
      const floats = new Float32Array(await binary.arrayBuffer());
      expect([...floats]).toEqual([...found.embeddings.flat(), ...found.activity.flat()]);
      const wav = await (await post('/v1/infer', windowWav(), { 'content-type': 'audio/wav' })).json();
      expect(wav.embeddings).toEqual(found.embeddings);
      expect(wav.activity).toEqual(found.activity);
    });

    it('answers concurrent requests, each with its own result', async () => {
      const seeds = Array.from({ length: 12 }, (_, i) => 1 + (i % 3));
      const answers = await Promise.all(
        seeds.map(async (seed) => (await (await post('/v1/infer', windowBytes(seed), OCTETS)).json()).embeddings[0][0]),
      );
      for (const [i, seed] of seeds.entries()) expect(answers[i]).toBe(answers[seed - 1]);
      expect(new Set(answers).size).toBe(3);
    });

    it('rejects anything but one window', async () => {
      expect(await problem(await post('/v1/infer', new Uint8Array(100), OCTETS))).toMatchObject({
        code: 'invalid-audio',
        status: 422,
        detail: expect.stringContaining('100 bytes, expected 192000'),
      });
      const broken = windowBytes();
      new DataView(broken.buffer).setFloat32(40, Number.NaN, true);
      expect((await problem(await post('/v1/infer', broken, OCTETS))).detail).toContain('sample 10 is NaN');
      const short = windowWav(new Float32Array(1000).fill(0.1));
      expect(await problem(await post('/v1/infer', short, { 'content-type': 'audio/wav' }))).toMatchObject({
        code: 'invalid-audio',
      });
      expect(await problem(await post('/v1/infer', 'x', { 'content-type': 'text/plain' }))).toMatchObject({
        code: 'unsupported-format',
        status: 415,
      });
      expect(await problem(await post('/v1/infer', 'RIFF', { 'content-type': 'audio/wav' }))).toMatchObject({
        status: expect.toSatisfy((status: number) => status === 415 || status === 422),
      });
      if (cutsUploads) return;
      const large = await problem(await post('/v1/infer', new Uint8Array(1024 * 1024 + 1), OCTETS));
      expect(large).toMatchObject({ code: 'audio-too-large', status: 413 });
    });

    it('accepts a deadline, and rejects an invalid one', async () => {
      const fine = await post('/v1/infer', windowBytes(), { ...OCTETS, 'x-deadline-ms': '60000' });
      expect(fine.status).toBe(200);
      await fine.arrayBuffer();
      for (const deadline of ['0', '-5', 'soon', '1.5']) {
        const bad = await post('/v1/infer', windowBytes(), { ...OCTETS, 'x-deadline-ms': deadline });
        expect(await problem(bad)).toMatchObject({ code: 'invalid-option', status: 400 });
      }
    });
  });
}
