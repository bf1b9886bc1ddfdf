import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseRttm, parseSrt, parseVtt } from 'voiceflow-ml/core';
import { CONVERSATION, NO_HURRY } from './harness.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

async function drop(page: Page): Promise<void> {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['hello'], 'dropped.wav'));
    dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  });
}

/** A proxy that keeps the server below a path, and takes the path away. */
async function below(path: string, target: string): Promise<{ readonly url: string; close(): void }> {
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(path)) return void outgoing.writeHead(404).end();
    const { method, headers } = incoming;
    const own = incoming.url.slice(path.length).replace(/^\/?/, '/');
    const forwarded = request(
      `${target}${own}`,
      { method, headers: { ...headers, host: new URL(target).host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}

describe.skipIf(executablePath === undefined)(
  'the demo page (skipped where there is no Chromium: apt-get install chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-demo-'));
    const recording = join(folder, 'my meeting.wav');
    let server: RunningServer;
    let browser: Browser;
    const pages: Page[] = [];

    beforeAll(async () => {
      writeFileSync(recording, CONVERSATION);
      server = await serveNode({ port: 0, workers: 1, log: () => {}, limits: NO_HURRY });
      browser = await chromium.launch({
        executablePath: executablePath ?? '',
        args: [
          '--no-sandbox',
          '--autoplay-policy=no-user-gesture-required',
          '--use-fake-ui-for-media-stream',
          '--use-fake-device-for-media-stream',
          `--use-file-for-fake-audio-capture=${recording}`,
        ],
      });
    });
    afterEach(async () => {
      await Promise.all(pages.splice(0).map((page) => page.context().close()));
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
      rmSync(folder, { recursive: true });
    });

    /** A page; it fails the test when it logs an error or asks anybody but the server. */
    async function open(options: Parameters<Browser['newContext']>[0] = {}, url = server.url) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(90_000);
      pages.push(page);
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

    const settled = (page: Page) =>
      page
        .getByRole('status')
        .filter({ hasText: /speakers? in/ })
        .waitFor();

    it('shows colored turns on a waveform, totals and names; plays turns; exports RTTM, SRT, VTT and JSON', async () => {
      const { page, faults } = await open();
      await page.locator('#file').setInputFiles(recording);
      await settled(page);
      const expected = await (await fetch(`${server.url}/v1/diarize`, { method: 'POST', body: CONVERSATION })).json();
      const { turns, speakers } = expected as {
        turns: { start: number; end: number }[];
        speakers: { seconds: number }[];
      };
      expect(await page.locator('#turns button').count()).toBe(turns.length);
      expect(await page.locator('#speakers li').count()).toBe(speakers.length);
      const colors = await page.evaluate(() => {
        const canvas = document.querySelector('canvas');
        const data =
          canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
        const seen = new Set<string>();
        for (let i = 0; i < data.length; i += 4)
          if ((data[i + 3] ?? 0) > 200) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
        return seen.size;
      });
      expect(colors).toBeGreaterThanOrEqual(speakers.length);

      const name = page.getByLabel('Name of SPEAKER_01');
      await name.fill('Dr. Ada');
      await name.press('Enter');
      await page.getByRole('status').filter({ hasText: 'SPEAKER_01 is Dr. Ada' }).waitFor();
      await page.locator('#turns').getByText('Dr. Ada').first().waitFor();

      const download = async (format: string) => {
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: format, exact: true }).click(),
        ]);
        expect(file.suggestedFilename()).toBe(`my meeting.${format.toLowerCase()}`);
        return readFileSync(await file.path(), 'utf8');
      };
      const rttm = parseRttm(await download('RTTM'));
      expect(JSON.stringify(rttm)).toContain('Dr. Ada');
      expect(parseSrt(await download('SRT'))).toHaveLength(turns.length);
      expect(parseVtt(await download('VTT'))).toHaveLength(turns.length);
      const json = JSON.parse(await download('JSON'));
      expect(json.turns.map((turn: { start: number }) => turn.start)).toEqual(turns.map((turn) => turn.start));
      expect(json.speakers[1].label).toBe('Dr. Ada');

      const third = turns[2] ?? { start: 0, end: 0 };
      await page.locator('#turns button').nth(2).click();
      await page.waitForFunction((at) => (document.querySelector('audio')?.currentTime ?? 0) > at, third.start);
      await page.waitForFunction(() => document.querySelector('audio')?.paused);
      const { currentTime, duration } = await page.evaluate(() => {
        const { currentTime = 0, duration = 0 } = document.querySelector('audio') ?? {};
        return { currentTime, duration };
      });
      expect(currentTime).toBeGreaterThan(third.end - 0.3);
      // Not at the end of the recording. A busy machine may stop it some seconds late.
      expect(currentTime).toBeLessThan((third.end + duration) / 2);
      expect(faults).toEqual([]);
    });

    it('is usable with the keyboard only', async () => {
      const { page, faults } = await open();
      // Waited for from here on: the browser must know that a chooser is to be reported before there is one.
      const choosing = page.waitForEvent('filechooser');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('choose');
      await page.keyboard.press('Enter');
      await (await choosing).setFiles(recording);
      await settled(page);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => !document.querySelector('audio')?.paused);
      const first = await page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction((at) => (document.querySelector('audio')?.currentTime ?? 0) > at + 0.5, first);
      await page.keyboard.press('Space');
      await page.waitForFunction(() => document.querySelector('audio')?.paused);
      await page.locator('#turns button').first().focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('#turns button')?.classList.contains('now'));

      await page.getByLabel('Name of SPEAKER_00').fill('Dr. Ada');
      await page.keyboard.press('Tab');
      await page.getByRole('status').filter({ hasText: 'SPEAKER_00 is Dr. Ada' }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Name of SPEAKER_01');
      expect(faults).toEqual([]);
    });

    it('begins another recording paused, at its start', async () => {
      const { page, faults } = await open();
      await page.locator('#file').setInputFiles(recording);
      await settled(page);
      await page.getByRole('button', { name: 'Play', exact: true }).click();
      await page.waitForFunction(() => document.querySelector('#clock')?.textContent !== '0:00.0');
      expect(await page.locator('#play').textContent()).toBe('Pause');
      await page
        .locator('#file')
        .setInputFiles({ name: 'other.wav', mimeType: 'audio/wav', buffer: Buffer.from(CONVERSATION) });
      await settled(page);
      expect(await page.locator('#play').textContent()).toBe('Play');
      expect(await page.locator('#clock').textContent()).toBe('0:00.0');
      expect(faults).toEqual([]);
    });

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

    it('follows the system’s light or dark theme, and fits a phone', async () => {
      const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground((await open({ colorScheme: 'light' })).page);
      const dark = await ground((await open({ colorScheme: 'dark' })).page);
      expect(light).not.toBe(dark);
      const { page } = await open({ viewport: { width: 320, height: 640 } });
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      await page.locator('#file').setInputFiles(recording);
      await settled(page);
      expect(await width()).toBe(320);
      expect(await page.evaluate(() => document.querySelector('#turns')?.scrollWidth)).toBeLessThan(320);
      await page.goto(`${server.url}/docs`);
      expect(await width()).toBe(320);
      const wide = () =>
        [...document.querySelectorAll('article')].filter((each) => each.scrollWidth > each.clientWidth);
      expect(await page.evaluate(`(${wide})().map(({ id }) => id)`)).toEqual([]);
      expect(await page.locator('body').textContent()).not.toContain('`');
    });

    it.each(['/apps/who/', '/apps/who'])('works on a sub-path: %s', async (path) => {
      const proxy = await below('/apps/who', server.url);
      try {
        const { page, faults } = await open({}, `${proxy.url}${path}`);
        await page.locator('#file').setInputFiles(recording);
        await settled(page);
        await page.getByRole('link', { name: 'API' }).click();
        await page.getByRole('link', { name: 'demo' }).click();
        await page.getByRole('button', { name: 'Choose a recording' }).waitFor();
        expect(new URL(page.url()).pathname).toBe('/apps/who/');
        expect(faults).toEqual([]);
      } finally {
        proxy.close();
      }
    });

    it('shows errors, and asks for a required key', async () => {
      const { page } = await open();
      await page
        .locator('#file')
        .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
      await page.getByRole('status').filter({ hasText: 'plain text' }).waitFor();
      const keys = [{ name: 'demo', key: 'demo-0123456789abcdef' }];
      const locked = await serveNode({ port: 0, workers: 1, log: () => {}, keys, limits: NO_HURRY });
      try {
        const { page: other } = await open({}, locked.url);
        await other.locator('#file').setInputFiles(recording);
        await other.getByLabel('API key').fill('demo-0123456789abcdef');
        await other.keyboard.press('Enter');
        await other.locator('#file').setInputFiles(recording);
        await settled(other);

        const { page: microphone } = await open({}, locked.url);
        await microphone.locator('#record').click();
        await microphone.getByLabel('API key').fill('demo-0123456789abcdef');
        await microphone.keyboard.press('Enter');
        await microphone.locator('#record').click();
        await microphone.getByRole('button', { name: 'Stop' }).waitFor();
      } finally {
        await locked.close();
      }
    });
  },
);
