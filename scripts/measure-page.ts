/**
 * Long tasks (over 50 ms) of the page of examples/browser, in Chromium: `npx tsx scripts/measure-page.ts [SECONDS]`.
 * Diarizes the demo's conversation from a file and from the microphone (SECONDS of it, default 20), and prints each
 * task's length. The machine's other work is in them: the same page without work is measured first.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM, serveFolder } from '../tests/consumers/consumer.ts';
import { makeFolder, ROOT, removeFolder } from '../tests/packaging/packed.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const AUDIO = join(ROOT, 'examples/audio/conversation.wav');
const OBSERVE = `globalThis.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
  .observe({ type: 'longtask', buffered: true });`;

if (!CHROMIUM) throw new Error('no Chromium here: apt-get install chromium');
const folder = makeFolder();
spawnSync(process.execPath, [join(ROOT, 'examples/browser/build.mjs'), folder], { stdio: 'inherit' });
const site = await serveFolder(folder);
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--no-sandbox',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${AUDIO}`,
  ],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(300_000);
  await page.addInitScript(OBSERVE);
  await page.goto(`${site.url}index.html`);
  await page.waitForTimeout(3000);
  await report(page, 'idle, 3 s');
  const settled = page.getByRole('status').filter({ hasText: /speakers? in/ });

  const begun = performance.now();
  await page.locator('#file').setInputFiles(AUDIO);
  await settled.waitFor();
  await report(page, `a file, with loading: ${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const again = performance.now();
  await page.locator('#file').setInputFiles(AUDIO);
  await page.getByRole('status').filter({ hasText: 'Listening' }).waitFor();
  await settled.waitFor();
  await report(page, `the file again: ${((performance.now() - again) / 1000).toFixed(1)} s`);

  await page.getByRole('button', { name: 'Use the microphone' }).click();
  await page.waitForTimeout(SECONDS * 1000);
  await page.getByRole('button', { name: 'Stop' }).click();
  await settled.waitFor();
  await report(page, `the microphone, ${SECONDS} s`);
} finally {
  await browser.close();
  site.close();
  removeFolder(folder);
}

async function report(page: Page, what: string): Promise<void> {
  const tasks = (await page.evaluate('globalThis.tasks.splice(0)')) as number[];
  console.log(`${what}: ${tasks.length === 0 ? 'none' : tasks.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
}
