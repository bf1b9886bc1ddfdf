import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { CONVERSATION, NO_HURRY } from './harness.ts';

/** What happens to a recording of the server's page when something fails: its audio exists nowhere else. */
describe.skipIf(!CHROMIUM)(`a recording from the microphone${WITHOUT_CHROMIUM}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-microphone-'));
  const recording = join(folder, 'speech.wav');
  let server: RunningServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(recording, CONVERSATION);
    server = await serveNode({ port: 0, workers: 1, log: () => {}, limits: NO_HURRY });
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: [
        '--no-sandbox',
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-audio-capture=${recording}`,
      ],
    });
  });
  afterEach(() => page.context().close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  /** @param failing Whether the connection is cut instead of the result. */
  async function record(failing = false): Promise<void> {
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(90_000);
    if (failing)
      await page.routeWebSocket(/v1\/stream/, (socket) => {
        const connection = socket.connectToServer();
        socket.onMessage((message) => {
          if (typeof message === 'string' && JSON.parse(message).type === 'end') void socket.close({ code: 1011 });
          else connection.send(message);
        });
      });
    await page.addInitScript(() => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (constraints) =>
        Object.assign(globalThis, { stream: await ask(constraints) }).stream;
    });
    await page.goto(server.url);
    await page.locator('#record').click();
    await page.locator('#turns button').first().waitFor();
  }

  const settled = () =>
    page
      .getByRole('status')
      .filter({ hasText: /speakers? in/ })
      .waitFor();

  it('stays on the page when its result fails, and can be played and downloaded', async () => {
    await record(true);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('#status.problem').waitFor();
    await page.locator('#record[aria-disabled="false"]').waitFor();
    expect(await page.locator('#play').isEnabled()).toBe(true);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('WAV', { exact: true }).click()]);
    expect(file.suggestedFilename()).toBe('microphone.wav');
    const saved = join(folder, 'saved.wav');
    await file.saveAs(saved);
    expect(readFileSync(saved).length).toBeGreaterThan(50_000);
    await page.locator('#file').setInputFiles(saved);
    await settled();
    expect(await page.getByText('WAV', { exact: true }).isVisible()).toBe(false);
  });

  it('ends with its result when the microphone is unplugged', async () => {
    await record();
    await page.evaluate(`stream.getTracks()[0].dispatchEvent(new Event('ended'))`);
    await settled();
    expect(await page.locator('#record').textContent()).toBe('Use the microphone');
  });

  it('is not lost by a reload without a question', async () => {
    await record();
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    await page.evaluate(() => void setTimeout(() => location.reload()));
    await expect.poll(() => asked).toEqual(['beforeunload']);
    await page.getByRole('button', { name: 'Stop' }).click();
    await settled();
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
  });
});
