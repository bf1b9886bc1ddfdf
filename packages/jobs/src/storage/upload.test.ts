import { expect, it } from 'vitest';
import type { Storage } from './storage.ts';
import { storeRecording, type Upload } from './upload.ts';

const storage = {
  put: async (_name: string, body: AsyncIterable<Uint8Array>) => {
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.byteLength;
    return bytes;
  },
} as Storage;

/** What is held at most, and now. */
function budget(limit = Number.POSITIVE_INFINITY) {
  const memory = { now: 0, most: 0 };
  return {
    memory,
    count(bytes: number) {
      memory.now += bytes;
      memory.most = Math.max(memory.most, memory.now);
      if (memory.now > limit) throw new Error('the budget is used up');
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

const store = (text: string, { count }: Pick<Upload, 'count'>) =>
  storeRecording(storage, 'x', { body: chunksOf(text), contentType: 'multipart/form-data; boundary=b', count });

it('counts the bytes of form fields, but not of the file', async () => {
  const of = budget();
  const form = `${part('uri', 'u'.repeat(100_000))}${part('file', 'x'.repeat(8_000_000), FILE)}--b--\r\n`;
  const { bytes, fields } = await store(form, of);
  expect([bytes, fields.uri?.length]).toEqual([8_000_000, 100_000]);
  expect(of.memory.most).toBeGreaterThanOrEqual(100_000);
  expect(of.memory.most).toBeLessThan(1_000_000);
});

it('rejects a form with too many bytes of fields before it has arrived', async () => {
  const of = budget();
  const many = Array.from({ length: 60 }, (_, i) => part(`f${i}`, 'x'.repeat(1_000_000))).join('');
  await expect(store(many, of)).rejects.toMatchObject({ code: 'invalid-option' });
  expect(of.memory.most).toBeLessThan(3_000_000);
  await expect(store(many, budget(500_000))).rejects.toThrow('the budget is used up');
});

it.each([
  ['two fields', ['a', 'b']],
  ['a long field', ['x'.repeat(2_000_000)]],
])('rejects a form with %s without a name', async (_, values) => {
  const nameless = values.map((value) => `--b\r\nContent-Disposition: form-data\r\n\r\n${value}\r\n`).join('');
  for (const file of ['', part('file', 'x', FILE), part('other', 'x', FILE)]) {
    await expect(store(`${file}${nameless}--b--\r\n`, budget())).rejects.toMatchObject({ code: 'invalid-option' });
  }
});
