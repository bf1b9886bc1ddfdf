import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveNode } from '@voiceflow-ml/server/node';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { parseRttm, parseSrt, parseVtt } from 'voiceflow-ml/core';
import { download, settled } from '../browser/diarizing-page.ts';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { demoPage } from './demo-page.ts';
import { CONVERSATION, NO_HURRY } from './harness.ts';

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

describe.skipIf(!CHROMIUM)(`the demo page${WITHOUT_CHROMIUM}`, () => {
  const { recording, url, open } = demoPage();

  it('shows colored turns on a waveform, totals and names; plays turns; exports RTTM, SRT, VTT and JSON', async () => {
    const { page, faults } = await open();
    await page.locator('#file').setInputFiles(recording);
    await settled(page);
    const expected = await (await fetch(`${url()}/v1/diarize`, { method: 'POST', body: CONVERSATION })).json();
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

    const exported = async (format: string) => {
      const [file, text] = await download(page, format);
      expect(file).toBe(`my meeting.${format.toLowerCase()}`);
      return text;
    };
    const rttm = parseRttm(await exported('RTTM'));
    expect(JSON.stringify(rttm)).toContain('Dr. Ada');
    expect(parseSrt(await exported('SRT'))).toHaveLength(turns.length);
    expect(parseVtt(await exported('VTT'))).toHaveLength(turns.length);
    const json = JSON.parse(await exported('JSON'));
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
    await page.goto(`${url()}/docs`);
    expect(await width()).toBe(320);
    const wide = () => [...document.querySelectorAll('article')].filter((each) => each.scrollWidth > each.clientWidth);
    expect(await page.evaluate(`(${wide})().map(({ id }) => id)`)).toEqual([]);
    expect(await page.locator('body').textContent()).not.toContain('`');
  });

  it.each(['/apps/who/', '/apps/who'])('works on a sub-path: %s', async (path) => {
    const proxy = await below('/apps/who', url());
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
});
