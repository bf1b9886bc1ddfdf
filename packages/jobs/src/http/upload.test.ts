import { expect, it } from 'vitest';
import type { Storage } from '../storage/storage.ts';
import { Held } from './held.ts';
import { storeForm } from './upload.ts';

const storage = {
  put: async (_name: string, body: AsyncIterable<Uint8Array>) => {
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.byteLength;
    return bytes;
  },
} as Storage;

/** What is held at most, and now. */
function budget(limit = Number.POSITIVE_INFINITY) {
  const held = { now: 0, most: 0 };
  return {
    held,
    take(bytes: number) {
      held.now += bytes;
      held.most = Math.max(held.most, held.now);
      if (held.now > limit) throw new Error('the budget is used up');
    },
    give(bytes: number) {
      held.now -= bytes;
    },
  };
}

const part = (name: string, content: string, file = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
const FILE = '; filename="x.wav"';

async function* chunksOf(text: string) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 65_536) yield new Uint8Array(bytes.subarray(at, at + 65_536));
}

const store = (text: string, held: Held) =>
  storeForm(storage, 'x', chunksOf(text), 'multipart/form-data; boundary=b', held);

it('counts what the fields of a form take, and not its file', async () => {
  const of = budget();
  const held = new Held(of);
  const form = `${part('uri', 'u'.repeat(100_000))}${part('file', 'x'.repeat(8_000_000), FILE)}--b--\r\n`;
  const { bytes, fields } = await store(form, held);
  expect([bytes, fields.uri?.length]).toEqual([8_000_000, 100_000]);
  expect(of.held.most).toBeGreaterThanOrEqual(100_000);
  expect(of.held.most).toBeLessThan(1_000_000);
  held.release();
  expect(of.held.now).toBe(0);
});

it('refuses a form whose fields are more than can be kept, before they have all come', async () => {
  const of = budget();
  const many = Array.from({ length: 60 }, (_, i) => part(`f${i}`, 'x'.repeat(1_000_000))).join('');
  await expect(store(many, new Held(of))).rejects.toMatchObject({ code: 'invalid-option' });
  expect(of.held.most).toBeLessThan(3_000_000);
  await expect(store(many, new Held(budget(500_000)))).rejects.toThrow('the budget is used up');
});
