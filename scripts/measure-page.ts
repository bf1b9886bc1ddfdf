/**
 * Measures long tasks (over 50 ms) of the page of examples/browser in Chromium:
 * `npx tsx scripts/measure-page.ts [SECONDS]`. Diarizes the demo's conversation from a file and from the microphone
 * (SECONDS of it, default 20). Prints the length of each long task, and the longest task by CPU time, which other load
 * on the machine does not affect.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM, serveFolder } from '../tests/consumers/consumer.ts';
import { makeFolder, ROOT, removeFolder } from '../tests/packaging/packed.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const AUDIO = join(ROOT, 'examples/audio/conversation.wav');
/** The trace categories in which Chromium records its tasks. */
const TRACED = { categories: ['toplevel', '__metadata'] };
const LONG_MS = 50;

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
  await browser.startTracing(page, TRACED);
  await page.goto(`${site.url}index.html`);
  await page.waitForTimeout(3000);
  await report(page, 'opened, idle for 3 s');
  const settled = page.getByRole('status').filter({ hasText: /speakers? in/ });

  const startedAt = performance.now();
  await page.locator('#file').setInputFiles(AUDIO);
  await settled.waitFor();
  await report(page, `a file, with loading: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);

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
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const tasks = tasksOfPage(trace.traceEvents);
  const long = tasks.filter(({ clock }) => clock > LONG_MS).map(({ clock }) => `${Math.round(clock)} ms`);
  const most = Math.max(...tasks.map(({ cpu }) => cpu));
  console.log(`${what}: ${long.join(', ') || 'no long task'}; by CPU ${most.toFixed(0)} ms at most`);
  await browser.startTracing(page, TRACED);
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of wall-clock time (`dur`) and of the thread's CPU time (`tdur`). */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Durations in milliseconds of all tasks of the page's main thread. */
function tasksOfPage(events: readonly TraceEvent[]): { readonly clock: number; readonly cpu: number }[] {
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const named = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const mains = new Set(named.map(threadOf));
  return events
    .filter((event) => event.ph === 'X' && event.name.endsWith('RunTask') && mains.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ clock: dur / 1000, cpu: tdur / 1000 }));
}
