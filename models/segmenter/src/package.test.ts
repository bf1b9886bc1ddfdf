import { createHash } from 'node:crypto';
import { segmenter, segmenterFrom } from '@voiceflow-ml/segmenter';
import { expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { segmentation } from 'voiceflow-ml/stages';

it('returns the weights that its manifest describes', async () => {
  const bytes = await segmenter.read();
  const described = segmenter.manifest.files[segmenter.file];
  expect(bytes.length).toBe(described?.bytes);
  expect(bytes.length).toBeLessThan(2e6);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(described?.sha256);
});

it('accepts given weights', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(await segmenterFrom(bytes).read()).toEqual(bytes);
  expect(segmenterFrom(bytes).manifest).toBe(segmenter.manifest);
});

it('describes its network, which returns probabilities per frame', async () => {
  const { manifest } = segmenter;
  const model = await nodeBackend().load({ name: 'segmenter', bytes: await segmenter.read() }, { workers: 1 });
  expect(model.inputs).toEqual(manifest.inputs);
  const { part, powerset, input, output, dims } = segmentation(manifest, model);
  // Noise that comes and goes, and silence.
  const rows = 2;
  const data = Float32Array.from(
    { length: rows * part.window },
    (_, i) => 0.2 * Math.sin(i * i) * (i % 32_000 < 16_000 ? 1 : 0),
  );
  data.fill(0, part.window);
  const outputs = await model.run({ [input]: { type: 'float32', dims: dims(rows), data } });
  const logprobs = outputs[output];
  expect(logprobs?.dims).toEqual([rows, part.frames, powerset.classes.length]);
  const numbers = logprobs?.data as Float32Array;
  for (let frame = 0; frame < rows * part.frames; frame += 37) {
    const row = numbers.subarray(frame * 7, frame * 7 + 7);
    expect(row.reduce((sum, x) => sum + Math.exp(x), 0)).toBeCloseTo(1, 4);
  }
  expect(Math.max(...powerset.speech(numbers.subarray(part.frames * 7)))).toBeLessThan(0.5);
  await model.close();
});
