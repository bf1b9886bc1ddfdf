import { readFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../consumers/consumer.ts';

/** Chromium whose microphone hears a WAV file, without asking for permission. */
export function chromiumHearing(recording: string): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${recording}`,
    ],
  });
}

/** Waits for a result on the page of examples/browser, or on the server's, which is the same. */
export function settled(page: Page): Promise<void> {
  return page
    .getByRole('status')
    .filter({ hasText: /speakers? in/ })
    .waitFor();
}

/** @returns The name and the text of the file that a button downloads. */
export async function download(page: Page, button: string): Promise<[name: string, text: string]> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ]);
  return [file.suggestedFilename(), readFileSync(await file.path(), 'utf8')];
}
