import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { CHROMIUM, serveFolder, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { type Block, blocks, programs } from '../docs/blocks.ts';
import { ROOT } from '../packaging/packed.ts';
import { type Ended, ended } from '../processes.ts';

/** Every code block of README, guides and packages is run as it stands, in a folder as its reader would have it. */

/** Blocks that need what is not here; each has a test of its own. */
const ELSEWHERE = [
  { of: 'packages/jobs/README.md', text: 'postgres://', test: 'tests/jobs/command.test.ts' },
  { of: 'docs/guide/jobs.md', text: 'postgres://', test: 'tests/jobs/command.test.ts' },
  { of: 'docs/guide/jobs.md', text: 'select job', test: 'tests/jobs/queue.test.ts' },
  { of: 'packages/jobs/README.md', text: 'verifyWebhook', test: 'tests/jobs/receiver.test.ts' },
  { of: 'packages/jobs/README.md', text: 'select job', test: 'tests/jobs/queue.test.ts' },
];
const elsewhere = ({ where, text }: Block) =>
  ELSEWHERE.some((one) => where.startsWith(one.of) && text.includes(one.text));

const here = blocks.filter((block) => !elsewhere(block));
const inNode = here.filter((block) => programs.includes(block) && block.place === '');
const inPages = here.filter(({ place }) => place === 'page');
const onEdges = here.filter(({ place }) => place === 'workerd');
const inShells = here.filter(({ language }) => language === 'sh');

/** What has not ended by then never will. */
const HUNG_MS = 200_000;
/** The address that the texts name. */
const ADDRESS = 'http://127.0.0.1:8080';
const TERMINAL = fileURLToPath(new URL('terminal.mjs', import.meta.url));
const CONVERSATION = join(ROOT, 'examples/audio/conversation.wav');
const NETWORKS = [
  'models/fast-cnn/fast-cnn.onnx',
  'models/segmenter/segmenter.onnx',
  'packages/wasm-runtime/dist/ort-wasm-simd-threaded.wasm',
];

let root = '';
beforeAll(() => {
  // Below the repository, so that its packages are found.
  root = mkdtempSync(join(ROOT, 'tests/readers/blocks-'));
  for (const name of ['voiceflow', 'npx', 'npm', 'git', 'open', 'curl', 'whisper', 'arecord']) {
    const path = join(root, 'bin', name);
    mkdirSync(join(root, 'bin'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${TERMINAL}" ${name} "$@"\n`);
    chmodSync(path, 0o755);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A reader's folder: their recordings under the names that the texts use. */
function makeFolder(): string {
  const folder = mkdtempSync(join(root, 'reader-'));
  const samples = new Int16Array(readFileSync(CONVERSATION).buffer.slice(44));
  const write = (name: string, from: number, to: number) => {
    const part = Float32Array.from(samples.subarray(from * 16_000, to * 16_000), (value) => value / 32_768);
    writeFileSync(join(folder, name), encodeWav(part, 16_000));
  };
  for (const name of ['meeting', 'conference', 'call', 'recordings/one', 'archive/one']) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    write(`${name}.wav`, 0, 20);
  }
  copyFileSync(join(ROOT, 'packages/codecs/fixtures/talk.mp3'), join(folder, 'meeting.mp3'));
  copyFileSync(join(ROOT, 'packages/codecs/fixtures/talk.mp3'), join(folder, 'your-recording.mp3'));
  for (const [i, name] of ['ada', 'ada-1', 'ada-2'].entries()) write(`${name}.wav`, 0.6 + i, 6 - i);
  copyFileSync(join(ROOT, 'examples/audio/conversation.rttm'), join(folder, 'truth.rttm'));
  writeFileSync(join(folder, 'result.rttm'), 'SPEAKER conversation 1 0.5 20 <NA> <NA> SPEAKER_00 <NA> <NA>\n');
  for (const file of NETWORKS) copyFileSync(join(ROOT, file), join(folder, file.replace(/^.*\//, '')));
  return folder;
}

function start(file: string, args: readonly string[], folder: string): Promise<Ended> {
  // Both colors at once make Node warn.
  const { FORCE_COLOR, ...inherited } = process.env;
  const env = {
    ...inherited,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    READER_FOLDER: folder,
    NO_COLOR: '1',
  };
  const child = spawn(file, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: HUNG_MS });
  return ended(child);
}

/** Runs something beside a server, where the block talks to one that it does not start. */
async function beside(block: Block, folder: string, run: (url: string) => Promise<Ended>): Promise<Ended> {
  const asks = /8080|voiceflow (jobs|batch)/.test(block.text);
  try {
    if (asks && !block.text.includes('voiceflow serve')) {
      const { code, stderr } = await start(join(root, 'bin/voiceflow'), ['serve', '--data', 'data'], folder);
      expect(code, stderr).toBe(0);
    }
    return await run(asks && existsSync(join(folder, 'url')) ? readFileSync(join(folder, 'url'), 'utf8') : '');
  } finally {
    if (existsSync(join(folder, 'pid'))) process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')));
  }
}

it('every block has a language and is run', () => {
  expect(blocks.filter(({ language }) => !['js', 'ts', 'sh', 'sql'].includes(language))).toEqual([]);
  expect(here.length).toBe(inNode.length + inPages.length + onEdges.length + inShells.length);
  expect(here.length).toBeGreaterThan(35);
  for (const { test } of ELSEWHERE) expect(existsSync(join(ROOT, test)), test).toBe(true);
});

// Node 20 itself hangs at its end once in a long while (nodejs/node#54918), hence a second try.
describe('programs run on Node, and exit', { retry: 1 }, () => {
  it.each(inNode)('$where', async (block) => {
    const folder = makeFolder();
    const said = await beside(block, folder, async (url) => {
      const { code } = await transform(block.text.replaceAll(ADDRESS, url), { loader: 'ts' });
      writeFileSync(join(folder, 'program.mjs'), code);
      return start(process.execPath, ['program.mjs'], folder);
    });
    expect(said.code, said.stderr).toBe(0);
    expect(said.stderr).toBe('');
    // Who pushes silence is told nothing.
    const tells = block.text.includes('console.log') && !block.text.includes('new Float32Array');
    if (tells) expect(said.stdout).not.toBe('');
  });
});

describe.skipIf(process.platform === 'win32')('commands run in a shell', () => {
  it.each(inShells)('$where', async (block) => {
    const folder = makeFolder();
    const said = await beside(block, folder, () => start('bash', ['-e', '-o', 'pipefail', '-c', block.text], folder));
    expect(said.code, `${said.stdout}${said.stderr}`).toBe(0);
  });
});

describe.skipIf(!CHROMIUM)(`programs run in a page${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  it.each(inPages)('$where', async ({ text }) => {
    const folder = makeFolder();
    const site = join(folder, 'site');
    mkdirSync(join(site, 'assets'), { recursive: true });
    writeFileSync(join(folder, 'page.js'), `${text}\nglobalThis.done = true;\n`);
    writeFileSync(
      join(site, 'index.html'),
      '<!doctype html><input type="file"><script type="module" src="page.js"></script>',
    );
    const options = { bundle: true, format: 'esm', logLevel: 'silent' } as const;
    await build({ ...options, entryPoints: [join(folder, 'page.js')], outfile: join(site, 'page.js') });
    for (const file of NETWORKS) {
      const name = file.replace(/^.*\//, '');
      for (const target of [join(site, name), join(site, 'assets', name)]) copyFileSync(join(ROOT, file), target);
    }
    const server = await serveFolder(site);
    const page = await browser.newPage();
    page.setDefaultTimeout(300_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.route('https://cdn.example/**', (route) =>
      route.fulfill({
        path: join(folder, route.request().url().replace(/^.*\//, '')),
        contentType: 'application/wasm',
        headers: { 'access-control-allow-origin': '*' },
      }),
    );
    try {
      await page.goto(server.url);
      await Promise.race([page.waitForFunction('globalThis.done'), page.waitForEvent('pageerror')]);
      expect(faults).toEqual([]);
      if (text.includes('console.log')) {
        const told = page.waitForEvent('console');
        await page.locator('input').setInputFiles(join(folder, 'meeting.wav'));
        expect(await (await told).args()[0]?.jsonValue()).toContainEqual(
          expect.objectContaining({ speaker: 'SPEAKER_00' }),
        );
      }
      expect(faults).toEqual([]);
    } finally {
      await page.close();
      server.close();
    }
  });
});

it.each(onEdges)('$where bundles for workerd', async ({ text }) => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'worker.js'), text);
  const { errors } = await build({
    entryPoints: [join(folder, 'worker.js')],
    outdir: join(folder, 'out'),
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'module', 'worker_threads'],
    loader: { '.wasm': 'copy', '.onnx': 'copy' },
    logLevel: 'silent',
  });
  expect(errors).toEqual([]);
});
