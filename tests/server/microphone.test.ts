import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from '../browser/diarizing-page.ts';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { demoPage } from './demo-page.ts';

async function drop(page: Page): Promise<void> {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['hello'], 'dropped.wav'));
    dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  });
}

describe.skipIf(!CHROMIUM)(`the microphone of the demo page${WITHOUT_CHROMIUM}`, () => {
  const { folder, recording, url, newPage, open } = demoPage();

  it('diarizes the microphone: turns during speech, then the result, which can be played', async () => {
    const { page, faults } = await open();
    const record = page.getByRole('button', { name: 'Use the microphone' });
    await record.click();
    // The microphone of this browser hears the conversation.
    await page.locator('#turns button').nth(1).waitFor({ timeout: 60_000 });
    expect(await page.getByRole('button', { name: 'Stop' }).getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'Stop' }).click();
    await settled(page);
    expect(await page.locator('#turns button.tentative').count()).toBe(0);
    const before = await page.locator('#turns button').count();
    expect(before).toBeGreaterThanOrEqual(1);
    await page.locator('#turns button').first().click();
    await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.2);
    expect(faults).toEqual([]);
  });

  it('shows no other recording until the microphone’s is complete', async () => {
    const { page, faults } = await open();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.routeWebSocket(/v1\/stream/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage(async (message) => {
        if (JSON.parse(String(message)).type === 'end') await released;
        socket.send(message);
      });
      server.onClose(async (code, reason) => {
        await released;
        await socket.close({ code: code ?? 1000, reason: reason ?? '' });
      });
    });
    await page.reload();
    const busy = page.getByRole('status').filter({ hasText: 'has not ended' });
    await page.locator('#record').click();
    await page.locator('#turns button').first().waitFor();
    await drop(page);
    await busy.waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('status').filter({ hasText: 'Clustering' }).waitFor();
    expect(await page.locator('#choose').isDisabled()).toBe(true);
    expect(await page.locator('#record').getAttribute('aria-disabled')).toBe('true');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('record');
    await page.keyboard.press('Enter');
    await page.locator('#file').setInputFiles(recording);
    await busy.waitFor();
    release();
    await settled(page);
    await page.locator('#record[aria-disabled="false"]').waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('RTTM').click()]);
    expect(file.suggestedFilename()).toBe('microphone.rttm');
    expect(await page.locator('#choose').isDisabled()).toBe(false);
    expect(faults).toEqual([]);
  });

  it('starts the audio that the browser has suspended', async () => {
    const page = await newPage();
    await page.addInitScript(() => {
      globalThis.AudioContext = class extends AudioContext {
        constructor() {
          super();
          void this.suspend();
        }
      };
    });
    await page.goto(url());
    await page.locator('#record').click();
    await page.locator('#turns button').first().waitFor();
  });

  it('says that nothing arrives from the microphone, and when it does again', async () => {
    const page = await newPage();
    await page.addInitScript(() => {
      globalThis.AudioContext = class extends AudioContext {
        constructor() {
          super();
          void this.suspend();
          addEventListener('call-ends', () => void super.resume());
        }
        override async resume() {}
      };
    });
    await page.goto(url());
    await page.locator('#record').click();
    await page.getByRole('status').filter({ hasText: 'Nothing arrives' }).waitFor();
    await page.evaluate(() => dispatchEvent(new Event('call-ends')));
    await page.getByRole('status').filter({ hasText: 'Recording from' }).waitFor();
    await page.locator('#turns button').first().waitFor();
  });

  it.each([
    ['NotAllowedError', 'the browser refuses it'],
    ['NotFoundError', 'none was found'],
    ['NotReadableError', 'it cannot be read'],
    ['AbortError', 'as the browser says'],
  ])('says why it cannot be used: %s', async (name, why) => {
    const page = await newPage();
    await page.addInitScript((given) => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException('as the browser says', given);
      };
    }, name);
    await page.goto(url());
    await page.locator('#record').click();
    await page
      .locator('#status.problem')
      .filter({ hasText: `The microphone cannot be used: ${why}` })
      .waitFor();
    expect(await page.locator('#record').textContent()).toBe('Use the microphone');
  });

  it('records nothing when a file is chosen while the browser asks for the microphone', async () => {
    const { page, faults } = await open();
    await page.evaluate(() => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (constraints) => {
        await new Promise((allow) => addEventListener('allow', allow, { once: true }));
        const stream = await ask(constraints);
        Object.assign(globalThis, { tracks: stream.getTracks() });
        return stream;
      };
    });
    await page.locator('#file').setInputFiles(recording);
    await page.locator('#record').click();
    await page.locator('#cancel').waitFor({ state: 'hidden' });
    expect(await page.getByRole('status').textContent()).toBe('Sending …');
    await page.locator('#file').setInputFiles(recording);
    await settled(page);
    const status = await page.getByRole('status').textContent();
    await page.evaluate(() => dispatchEvent(new Event('allow')));
    await page.locator('#record[aria-disabled="false"]').waitFor();
    expect(await page.locator('#record').textContent()).toBe('Use the microphone');
    expect(await page.getByRole('status').textContent()).toBe(status);
    expect(await page.evaluate('tracks.map(({ readyState }) => readyState)')).toEqual(['ended']);
    expect(faults).toEqual([]);
  });

  // What happens to a recording when something fails: its audio exists nowhere else.

  /** @param failing Whether the connection is cut instead of the result. */
  async function record(failing = false): Promise<Page> {
    const page = await newPage();
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
    await page.goto(url());
    await page.locator('#record').click();
    await page.locator('#turns button').first().waitFor();
    return page;
  }

  it('stays on the page when its result fails, and can be played and downloaded', async () => {
    const page = await record(true);
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
    await settled(page);
    expect(await page.getByText('WAV', { exact: true }).isVisible()).toBe(false);
  });

  it('ends with its result when the microphone is unplugged', async () => {
    const page = await record();
    await page.evaluate(`stream.getTracks()[0].dispatchEvent(new Event('ended'))`);
    await settled(page);
    expect(await page.locator('#record').textContent()).toBe('Use the microphone');
  });

  it('is not lost by a reload without a question', async () => {
    const page = await record();
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    await page.evaluate(() => void setTimeout(() => location.reload()));
    await expect.poll(() => asked).toEqual(['beforeunload']);
    await page.getByRole('button', { name: 'Stop' }).click();
    await settled(page);
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
  });
});
