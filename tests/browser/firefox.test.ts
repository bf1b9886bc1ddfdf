import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer } from 'voiceflow-ml';
import { clock } from '../../examples/browser/src/page/recording.ts';
import { serveFolder } from '../consumers/consumer.ts';
import { makeFolder, ROOT, removeFolder } from '../packaging/packed.ts';
import { CONVERSATION } from '../server/harness.ts';
import { FIREFOX, type FirefoxPage, openFirefox, WITHOUT_FIREFOX } from './firefox.ts';

/** Drops a file onto the page. */
const DROP = `(async () => {
  const bytes = await (await fetch('conversation.wav')).arrayBuffer();
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], 'my meeting.wav', { type: 'audio/wav' }));
  document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
})()`;
const STATUS = `document.querySelector('#status').textContent`;
const TURNS = `[...document.querySelectorAll('#turns button')].map((button) => button.innerText.split('\\n').filter(Boolean))`;
const LOOK_MS = 500;

describe.skipIf(!FIREFOX)(`examples/browser in Firefox${WITHOUT_FIREFOX}`, () => {
  let folder = '';
  let site: { readonly url: string; close(): void };
  let page: FirefoxPage;

  beforeAll(async () => {
    folder = makeFolder();
    const build = join(ROOT, 'examples/browser/build.mjs');
    const { status, stderr } = spawnSync(process.execPath, [build, folder], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    writeFileSync(join(folder, 'conversation.wav'), CONVERSATION);
    site = await serveFolder(folder);
    page = await openFirefox();
    await page.goto(`${site.url}index.html`);
  });
  afterAll(async () => {
    await page?.close();
    site?.close();
    removeFolder(folder);
  });

  it('finds the same turns in a dropped file as the SDK in Node', async () => {
    await page.evaluate(DROP);
    let said = '';
    while (!/speakers? in|could not|cannot|error/i.test(said)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      said = String(await page.evaluate(STATUS));
    }
    const diarizer = await createDiarizer({ backend: 'wasm' });
    const { turns, speakers } = await diarizer.diarize(CONVERSATION);
    await diarizer.close();
    expect(said).toMatch(new RegExp(`^${speakers.length} speakers in 0:18.0`));
    expect(await page.evaluate(TURNS)).toEqual(
      turns.map(({ start, end, speaker }) => [`${clock(start)} – ${clock(end)}`, speaker]),
    );
  });
});
