import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { find } from './catalog.ts';

it('counts the packaged weights of the embedded network, not all variants', async () => {
  const { entry, folder } = await find('fast-cnn');
  expect(Object.keys(entry.files)).toEqual(['fast-cnn.onnx']);
  const { size } = await stat(join(folder ?? '', 'fast-cnn.onnx'));
  expect(entry.files['fast-cnn.onnx']?.bytes).toBe(size);
});
