import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installedModel, PULLED_MODELS } from './find.ts';

let models = '';
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'voiceflow-models-'));
});
afterEach(() => rm(models, { recursive: true }));

async function install(name: string, version: string, manifest: object = {}): Promise<void> {
  const folder = join(models, name, version);
  await mkdir(folder, { recursive: true });
  const whole = { id: name, version, pipeline: 'fast-cnn', files: { 'a.onnx': { bytes: 1, sha256: 'x' } } };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...whole, ...manifest }));
  await writeFile(join(folder, 'a.onnx'), 'x');
}

it('names the command that fetches a missing model', async () => {
  await expect(installedModel('light', models)).rejects.toMatchObject({
    code: 'model-not-found',
    hint: 'Run voiceflow models pull light',
  });
});

it.each([['1.0.0'], ['3.0.0'], ['5.0.0']])('requires fetching light %s again', async (version) => {
  await install('light', version);
  await expect(installedModel('light', models)).rejects.toMatchObject({
    code: 'model-incompatible',
    message: expect.stringContaining(`light ${version} is installed`),
    hint: 'Run voiceflow models pull light',
  });
});

it('selects the latest supported version beside older and newer ones', async () => {
  for (const version of ['3.0.0', '4.0.0', '4.10.0', '4.9.1', '5.0.0']) await install('light', version);
  expect((await installedModel('light', models)).manifest.version).toBe('4.10.0');
});

it('requires fetching a model with a damaged manifest again', async () => {
  await install('light', '4.0.0', { pipeline: 7 });
  await expect(installedModel('light', models)).rejects.toMatchObject({
    code: 'model-incompatible',
    message: expect.stringContaining('pipeline is not of type string'),
    hint: 'Run voiceflow models pull light',
  });
});

it.each(PULLED_MODELS)('loads the version of %s that is fetched today', async (name) => {
  const file = name === 'light' ? 'accurate/light.json' : `${name}/manifest.json`;
  const published = await readFile(new URL(`../../../../models/${file}`, import.meta.url), 'utf8');
  const { version } = JSON.parse(published) as { version: string };
  await install(name, version);
  expect((await installedModel(name, models)).manifest.version).toBe(version);
});
