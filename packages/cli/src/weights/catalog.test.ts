import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { find } from './catalog.ts';

it('counts of the embedded network what its package carries, not every form of its weights', async () => {
  const { entry, folder } = await find('fast-cnn');
  expect(Object.keys(entry.files)).toEqual(['fast-cnn.onnx']);
  const { size } = await stat(join(folder ?? '', 'fast-cnn.onnx'));
  expect(entry.files['fast-cnn.onnx']?.bytes).toBe(size);
});
