import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page, type WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killed, type RunningServer, startServer } from './chaos.ts';
import { dataFolder, PATIENCE } from './databases.ts';

/** The list of jobs on the demo page, against a real server with toy workers. */

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Instead of the server's live sessions, which toy workers do not have: two people are heard. */
function listening(socket: WebSocketRoute): void {
  const turns = [
    { start: 0, end: 1, speaker: 'SPEAKER_00' },
    { start: 1, end: 2, speaker: 'SPEAKER_01' },
  ];
  const speakers = turns.map(({ speaker }) => ({ label: speaker, seconds: 1, turns: 1 }));
  socket.onMessage((message) => {
    if (typeof message !== 'string' || JSON.parse(message).type !== 'end') return;
    socket.send(JSON.stringify({ type: 'end', result: { duration: 2, turns, speakers, warnings: [] } }));
  });
  socket.send(JSON.stringify({ type: 'ready' }));
}

describe.skipIf(executablePath === undefined)(
  'jobs on the demo page (skipped where there is no Chromium: apt-get install chromium)',
  () => {
    let folder: string;
    let data: string;
    let server: RunningServer;
    let browser: Browser;
    let page: Page;
    const faults: string[] = [];
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'voiceflow-page-'));
      writeFileSync(join(folder, 'good call.wav'), JSON.stringify({ ms: '100' }));
      writeFileSync(join(folder, 'long call.wav'), JSON.stringify({ ms: '600000' }));
      data = await dataFolder();
      server = await startServer(data);
      browser = await chromium.launch({
        executablePath: executablePath ?? '',
        args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
      });
      page = await browser.newPage();
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => faults.push(error.message));
      await page.routeWebSocket(/v1\/stream/, listening);
      await page.goto(server.url);
    }, PATIENCE);
    afterAll(async () => {
      await browser?.close();
      if (server !== undefined) await killed(server.child, 'SIGTERM');
      for (const path of [folder, data]) rmSync(path, { recursive: true, force: true });
    });

    const item = (name: string) => page.locator('#job-list li').filter({ hasText: name });

    it('are submitted, survive a reload, show their result, and are removed or canceled', async () => {
      await page.locator('#job-file').setInputFiles(join(folder, 'good call.wav'));
      await item('good call.wav').filter({ hasText: 'succeeded' }).waitFor();
      await page.locator('#job-file').setInputFiles(join(folder, 'long call.wav'));
      await item('long call.wav').filter({ hasText: 'running' }).waitFor();
      // The list is renewed each second; a button that has the focus keeps it.
      const cancel = item('long call.wav').getByRole('button', { name: 'Cancel long call.wav' });
      await cancel.focus();
      const renewed = await item('long call.wav').elementHandle();
      await page.waitForFunction((row) => !row?.isConnected, renewed);
      expect(await cancel.evaluate((button) => document.activeElement === button)).toBe(true);
      await page.reload();
      await item('good call.wav').filter({ hasText: 'succeeded' }).waitFor();
      await item('long call.wav').filter({ hasText: 'running' }).waitFor();
      await item('good call.wav').getByRole('button', { name: 'Show' }).click();
      await page.locator('#turns button').first().waitFor();
      expect(await page.locator('#turns button').count()).toBe(1);

      await page.getByRole('button', { name: 'Use the microphone' }).click();
      await page.getByRole('status').filter({ hasText: 'Press Stop' }).waitFor();
      await item('good call.wav').getByRole('button', { name: 'Show' }).click();
      await page.getByRole('status').filter({ hasText: 'has not ended' }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('status').filter({ hasText: '2 speakers' }).waitFor();
      await item('good call.wav').getByRole('button', { name: 'Show' }).click();
      await page.getByRole('status').filter({ hasText: 'good call.wav' }).waitFor();
      expect(await page.locator('#turns button').count()).toBe(1);
      await item('long call.wav').getByRole('button', { name: 'Cancel' }).click();
      await item('long call.wav').filter({ hasText: 'canceled' }).waitFor();
      for (const name of ['long call.wav', 'good call.wav']) {
        await item(name).getByRole('button', { name: 'Remove' }).click();
        await item(name).waitFor({ state: 'detached' });
      }
      await page.reload();
      await page.locator('#jobs').waitFor();
      expect(await page.locator('#job-list li').count()).toBe(0);
      expect(faults).toEqual([]);
    }, 240_000);
  },
);
