import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { modelFromFolder } from './folder.ts';

const WHOLE = { id: 'own', version: '1', pipeline: 'fast-cnn', files: { 'a.onnx': { bytes: 1, sha256: 'x' } } };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voiceflow-folder-'));
  await writeFile(join(folder, 'a.onnx'), 'x');
});
afterEach(() => rm(folder, { recursive: true }));

const load = async (manifest: unknown) => {
  await writeFile(join(folder, 'manifest.json'), typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return modelFromFolder(folder);
};

it.each([
  [{ ...WHOLE, id: undefined }, /id is missing$/],
  [{ ...WHOLE, id: 7, version: undefined }, /id is not of type string, version is missing$/],
  [{ ...WHOLE, files: ['a.onnx'] }, /files is not of type object$/],
  [{ ...WHOLE, settings: 3 }, /settings is not an object$/],
  [{ ...WHOLE, inputs: {} }, /inputs is not a list$/],
  [{ ...WHOLE, segmenter: {} }, /in segmenter, id is missing, version is missing/],
  [{ ...WHOLE, segmenter: 'x' }, /in segmenter, it is not an object$/],
  [[WHOLE], /it is not an object$/],
  ['{', /it is not valid JSON/],
])('reports what is missing in a manifest: %j', async (manifest, message) => {
  const loading = load(manifest);
  await expect(loading).rejects.toThrow(message);
  await expect(loading).rejects.toMatchObject({ code: 'model-incompatible' });
});

it('accepts a manifest without settings: its pipeline checks the settings that it needs', async () => {
  expect(await load(WHOLE)).toMatchObject({ file: 'a.onnx', manifest: { id: 'own', settings: {} } });
});

it('accepts a manifest pulled earlier with the spelling "licence"', async () => {
  expect(await load({ ...WHOLE, licence: 'MIT' })).toMatchObject({ manifest: { license: 'MIT' } });
  expect(await load({ ...WHOLE, licence: 'MIT', license: 'ISC' })).toMatchObject({ manifest: { license: 'ISC' } });
});
