import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRttm, parseSrt, parseVtt } from 'voiceflow-ml/core';
import { CHROMIUM, serveFolder, WITHOUT_CHROMIUM } from '../consumers/consumer.ts';
import { makeFolder, ROOT, removeFolder } from '../packaging/packed.ts';
import { CONVERSATION } from '../server/harness.ts';
import { chromiumHearing, download, settled } from './diarizing-page.ts';

/** examples/browser as it is hosted: static files on a sub-path, everything in Chromium. */
describe.skipIf(!CHROMIUM)(`examples/browser${WITHOUT_CHROMIUM}`, () => {
  let folder = '';
  let site: { readonly url: string; close(): void };
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    folder = makeFolder();
    const build = join(ROOT, 'examples/browser/build.mjs');
    const { status, stderr } = spawnSync(process.execPath, [build, join(folder, 'apps/who')], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    site = await serveFolder(folder);
    const microphone = join(folder, 'microphone.wav');
    writeFileSync(microphone, CONVERSATION);
    browser = await chromiumHearing(microphone);
    page = await browser.newPage();
    page.setDefaultTimeout(90_000);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${site.url}apps/who/index.html`);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    removeFolder(folder);
  });

  const recording = { name: 'my meeting.wav', mimeType: 'audio/wav', buffer: Buffer.from(CONVERSATION) };

  it('diarizes a file, plays a turn, renames, zooms, and exports files', { timeout: 240_000 }, async () => {
    await page.locator('#file').setInputFiles(recording);
    await settled(page);
    const turns = await page.locator('#turns button').count();
    expect(turns).toBeGreaterThan(3);
    expect(await page.locator('#speakers li').count()).toBe(3);

    const name = page.getByLabel('Name of SPEAKER_01');
    await name.fill('Dr. Ada');
    await name.press('Enter');
    await page.locator('#turns').getByText('Dr. Ada').first().waitFor();

    const picture = () => page.evaluate(() => document.querySelector('canvas')?.toDataURL());
    const whole = await picture();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    expect(await picture()).not.toBe(whole);
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await picture()).toBe(whole);

    const exported = async (format: string) => {
      const [file, text] = await download(page, format);
      expect(file).toBe(`my meeting.${format.toLowerCase()}`);
      return text;
    };
    expect(JSON.stringify(parseRttm(await exported('RTTM')))).toContain('Ada');
    expect(parseSrt(await exported('SRT'))).toHaveLength(turns);
    expect(parseVtt(await exported('VTT'))).toHaveLength(turns);
    expect(JSON.parse(await exported('JSON')).turns).toHaveLength(turns);

    await page.locator('#turns button').nth(1).click();
    await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0);
    await page.waitForFunction(() => document.querySelector('audio')?.paused);
    const screenshot = process.env.VOICEFLOW_SCREENSHOTS;
    if (screenshot) await page.screenshot({ path: join(screenshot, 'browser-example.png'), fullPage: true });
  });

  it('can be canceled', async () => {
    // With its network loaded the page hears the recording above in 0.4 s: on a busy machine before the button is found.
    const long = join(folder, 'long.wav');
    writeFileSync(long, repeated(readFileSync(join(ROOT, 'examples/audio/conversation.wav')), 24));
    await page.locator('#file').setInputFiles(long);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('status').filter({ hasText: 'Canceled.' }).waitFor();
  });

  it('reports an invalid file', async () => {
    await page.locator('#file').setInputFiles({ ...recording, name: 'notes.txt', buffer: Buffer.from('hello there') });
    await page.getByRole('status').filter({ hasText: 'text' }).waitFor();
  });

  it('diarizes the microphone', { timeout: 240_000 }, async () => {
    await page.getByRole('button', { name: 'Use the microphone' }).click();
    await page.locator('#turns button').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await settled(page);
    expect(await page.locator('#turns button').count()).toBeGreaterThan(0);
  });

  it('requests only its own host, and logs no error', () => {
    expect(asked.filter((url) => !url.startsWith(site.url) && !/^(blob|data):/.test(url))).toEqual([]);
    expect(faults).toEqual([]);
  });
});

/** A WAV file with a header of 44 bytes, its sound so many times. */
function repeated(file: Buffer, times: number): Buffer {
  const header = Buffer.from(file.subarray(0, 44));
  const sound = Buffer.concat(Array.from({ length: times }, () => file.subarray(44)));
  header.writeUInt32LE(36 + sound.length, 4);
  header.writeUInt32LE(sound.length, 40);
  return Buffer.concat([header, sound]);
}
