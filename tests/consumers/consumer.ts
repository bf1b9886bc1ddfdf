/** A folder as a stranger has it: the packages as npm would publish them, and a page or a program of theirs. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { installPacked, makeFolder, pack, publicPackages, ROOT } from '../packaging/packed.ts';
import { printed } from '../processes.ts';

/** What `npm install voiceflow-ml` brings. */
const INSTALLED = ['voiceflow-ml', '@voiceflow-ml/fast-cnn', '@voiceflow-ml/segmenter', '@voiceflow-ml/wasm-runtime'];

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
export const WITHOUT_CHROMIUM = CHROMIUM ? '' : ' (skipped: no Chromium here, apt-get install chromium)';

export function consumer(files: Readonly<Record<string, string>>): string {
  const folder = makeFolder();
  for (const one of publicPackages().filter(({ name }) => INSTALLED.includes(name))) {
    installPacked(pack(one.folder, folder), folder);
  }
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies: { 'voiceflow-ml': '*' } };
  write(folder, { 'package.json': JSON.stringify(manifest), ...files });
  mkdirSync(join(folder, 'public'), { recursive: true });
  copyFileSync(join(ROOT, 'examples/audio/conversation.wav'), join(folder, 'public/conversation.wav'));
  return folder;
}

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A page that diarizes the first 18 s of the demo and says what it found, and how long its tasks were. */
export const PAGE = '<!doctype html><title>consumer</title><script type="module" src="/main.js"></script>';
export const PAGE_SCRIPT = (options = '') => `
import { createDiarizer, wasmBackend } from 'voiceflow-ml';
const tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
  .observe({ type: 'longtask', buffered: true });
async function run() {
  const file = new Uint8Array(await (await fetch('/conversation.wav')).arrayBuffer());
  const diarizer = await createDiarizer(${options});
  const result = await diarizer.diarize(file.slice(0, 44 + 18 * 32000));
  await diarizer.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { backend: result.backend, speakers: result.speakers.length, turns: result.turns.length, tasks };
}
globalThis.outcome = run().catch((error) => ({ code: error.code, message: String(error), hint: error.hint }));
`;

export interface Outcome {
  readonly backend?: string;
  readonly speakers?: number;
  readonly turns?: number;
  /** Milliseconds of the tasks longer than 50 ms. */
  readonly tasks?: readonly number[];
  /** Of a comparison: how many numbers, and by how much they differ at most. */
  readonly values?: number;
  readonly difference?: number;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

let browser: Browser | undefined;

/** Opens a page in Chromium and waits for what it says. */
export async function visit(
  url: string,
  args: readonly string[] = ['--disable-gpu'],
): Promise<Outcome & { readonly faults: readonly string[] }> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', ...args] });
  const page = await browser.newPage();
  page.setDefaultNavigationTimeout(300_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  try {
    await page.goto(url);
    await page.waitForFunction('globalThis.outcome !== undefined', undefined, { timeout: 400_000 });
    return { ...((await page.evaluate('globalThis.outcome')) as Outcome), faults };
  } finally {
    await page.close();
  }
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Serves a folder as a static host does; unknown addresses get the page, as single-page hosts do. */
export async function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(folder, path === '/' ? 'index.html' : path);
    const bytes = await readFile(file).catch(() => undefined);
    const type = bytes ? (TYPES[extname(file)] ?? 'application/octet-stream') : 'text/html';
    response.writeHead(200, { 'content-type': type, ...headers });
    response.end(bytes ?? (await readFile(join(folder, 'index.html'))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

/** Starts a tool that serves until it is ended, and waits for the address that it prints. */
export async function startTool(
  [file = '', ...args]: readonly string[],
  cwd: string,
): Promise<{ readonly url: string; close(): void }> {
  const child = spawn(file, args, { cwd, env: { ...process.env, NO_COLOR: '1', CI: '1' }, timeout: 600_000 });
  const port = await printed(child, /(?:localhost|127\.0\.0\.1):(\d+)/);
  return { url: `http://127.0.0.1:${port}/`, close: () => void child.kill('SIGTERM') };
}
