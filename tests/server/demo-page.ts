import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { chromiumHearing } from '../browser/diarizing-page.ts';
import { CONVERSATION, NO_HURRY } from './harness.ts';

/** The server's page in Chromium, whose microphone hears the conversation, for the tests of one `describe`. */
export function demoPage() {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-demo-'));
  const recording = join(folder, 'my meeting.wav');
  let server: RunningServer;
  let browser: Browser;
  const pages: Page[] = [];

  beforeAll(async () => {
    writeFileSync(recording, CONVERSATION);
    server = await serveNode({ port: 0, workers: 1, log: () => {}, limits: NO_HURRY });
    browser = await chromiumHearing(recording);
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(90_000);
    pages.push(page);
    return page;
  }

  /** @returns The page and its faults: errors that it logs, and requests to anybody but the server. */
  async function open(options: Parameters<Browser['newContext']>[0] = {}, url = server.url) {
    const page = await newPage(options);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text());
    });
    page.on('request', (asked) => {
      if (!asked.url().startsWith(new URL(url).origin) && !asked.url().startsWith('blob:'))
        faults.push(`asked ${asked.url()}`);
    });
    await page.goto(url);
    await page.bringToFront();
    return { page, faults };
  }

  return { folder, recording, url: () => server.url, newPage, open };
}
