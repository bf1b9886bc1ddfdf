import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedModel } from 'voiceflow-ml/installed';
import { pull } from '../../packages/cli/src/weights/pull.ts';
import { voiceflow } from '../cli/command.ts';
import { shared } from './networks.ts';

const NETWORKS = {
  'segmentation-3.0.onnx': shared('models/pyannote/segmentation-3.0.onnx'),
  'campplus-zh-en-common.onnx': shared('models/campplus/campplus-zh-en-common.fp16w.onnx'),
};
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe.skipIf(Object.values(NETWORKS).some((path) => path === undefined))(
  'models pull accurate',
  { timeout: 300_000 },
  () => {
    let models = '';
    let from = '';
    const server = createServer((request, response) => {
      const path = NETWORKS[request.url?.slice(1) as keyof typeof NETWORKS];
      if (path === undefined) response.writeHead(404).end();
      else createReadStream(path).pipe(response);
    });
    beforeAll(async () => {
      models = await mkdtemp(join(tmpdir(), 'voiceflow-models-'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      server.close();
      await rm(models, { recursive: true, force: true });
    });

    it('rejects networks that do not match its manifest, and leaves no model that could be loaded', async () => {
      const { code, stderr } = await voiceflow(['models', 'pull', 'accurate', '--from', from], {
        env: { VOICEFLOW_MODELS: models },
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(/accurate 3\.0\.1, 34\.3 MB, license: MIT .*Apache-2\.0/);
      await expect(installedModel('accurate', models)).rejects.toMatchObject({ code: 'model-not-found' });
    });

    it('installs a model that the command then runs offline', async () => {
      const published = JSON.parse(await readFile(join(ROOT, 'models/accurate/manifest.json'), 'utf8'));
      const fileOf = async (name: keyof typeof NETWORKS) => {
        const bytes = await readFile(NETWORKS[name] as string);
        return { [name]: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } };
      };
      const own = await fileOf('campplus-zh-en-common.onnx');
      const segmenter = { ...published.segmenter, files: await fileOf('segmentation-3.0.onnx') };
      const manifest = { ...published, files: own, segmenter };
      await pull({ ...manifest, files: { ...segmenter.files, ...own } }, { models, manifest, from });
      const model = await installedModel('accurate', models);
      expect(model.manifest.id).toBe('accurate');
      expect(model.segmenter?.manifest.id).toBe('segmentation-3.0');
      const audio = join(ROOT, 'examples/audio/conversation.wav');
      const env = { VOICEFLOW_MODELS: models };
      const { code, stdout } = await voiceflow(
        ['diarize', audio, '--model', 'accurate', '--format', 'rttm', '--out', '-'],
        {
          env,
        },
      );
      expect(code).toBe(0);
      expect(
        new Set(
          stdout
            .trim()
            .split('\n')
            .map((line) => line.split(' ')[7]),
        ).size,
      ).toBe(4);
    });
  },
);
