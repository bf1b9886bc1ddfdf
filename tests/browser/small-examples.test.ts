import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { ROOT } from '../packaging/packed.ts';

/**
 * Instead of the SDK: loading fails the first time, as without a network. A file is done when the page has an event of
 * its name, anything else at once.
 */
const SDK = `
  let loads = 0;
  export class VoiceFlowError extends Error {
    code = 'backend-unavailable';
    static isInstance = (error) => error instanceof VoiceFlowError;
  }
  export const fastCnnFrom = () => ({});
  export const wasmBackend = () => ({});
  export async function createDiarizer() {
    if (loads++ === 0) throw new VoiceFlowError('no network');
    return { diarize };
  }
  function diarize(input, { signal } = {}) {
    const result = (speaker) => ({ turns: [{ start: 0, end: 1, speaker }] });
    if (!(input instanceof File)) return Promise.resolve(result('somebody'));
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new VoiceFlowError('aborted')));
      addEventListener(input.name, () => resolve(result(input.name)));
    });
  }
`;

/** The script of an example with that SDK. */
async function scriptOf(example: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'examples', example)],
    bundle: true,
    write: false,
    format: 'esm',
    plugins: [
      {
        name: 'instead',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^(voiceflow-ml$|@voiceflow-ml\/)/ }, ({ path }) => ({ path, namespace: 'instead' }));
          onLoad({ filter: /^voiceflow-ml$/, namespace: 'instead' }, () => ({ contents: SDK }));
          onLoad({ filter: /^@/, namespace: 'instead' }, () => ({ contents: 'export default {}' }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

async function moduleOf(example: string): Promise<unknown> {
  return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(await scriptOf(example))}`);
}

const request = () => new Request('http://localhost/', { method: 'POST', body: 'sound' });

it('examples/next: the API route loads again after a failure', async () => {
  const { POST } = (await moduleOf('next/app/api/who/route.js')) as { POST(request: Request): Promise<Response> };
  expect((await POST(request())).status).toBe(422);
  expect((await (await POST(request())).json()).turns).toHaveLength(1);
});

it('examples/edge: the worker loads again after a failure', async () => {
  const { default: worker } = (await moduleOf('edge/worker.js')) as {
    default: { fetch(request: Request): Promise<Response> };
  };
  expect((await worker.fetch(request())).status).toBe(422);
  expect(await (await worker.fetch(request())).json()).toHaveLength(1);
});

describe.skipIf(!CHROMIUM)(`examples/vite${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser | undefined;
  afterAll(() => browser?.close());

  it('loads again after a failure, and shows the turns of the last file only', async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
    const page = await browser.newPage();
    await page.setContent(
      readFileSync(join(ROOT, 'examples/vite/index.html'), 'utf8').replace(/<script.*<\/script>/, ''),
    );
    await page.addScriptTag({ content: await scriptOf('vite/main.js'), type: 'module' });
    const turns = page.locator('#turns');
    const choose = (name: string) =>
      page.locator('#file').setInputFiles({ name, mimeType: 'audio/wav', buffer: Buffer.from('sound') });
    const done = (name: string) => page.evaluate((event) => dispatchEvent(new Event(event)), name);

    await choose('long.wav');
    await turns.filter({ hasText: 'no network' }).waitFor();
    await choose('long.wav');
    await turns.filter({ hasText: 'Analyzing' }).waitFor();
    await choose('short.wav');
    await done('short.wav');
    await turns.filter({ hasText: 'short.wav' }).waitFor();
    await done('long.wav');
    expect(await turns.textContent()).toContain('short.wav');
  });
});
