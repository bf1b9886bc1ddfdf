import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMultipart, parseMultipart } from './multipart.ts';

/** A form as every client of the platform writes it. */
async function encode(form: FormData): Promise<{ body: Uint8Array<ArrayBuffer>; contentType: string }> {
  const response = new Response(form);
  const body = new Uint8Array(await response.arrayBuffer());
  return { body, contentType: response.headers.get('content-type') ?? '' };
}

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('parseMultipart', () => {
  it('reads any file and any fields of FormData exactly', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,12}$/), fc.string({ maxLength: 40 }), { maxKeys: 5 }),
        async (bytes, fields) => {
          const form = new FormData();
          const expected: Record<string, string> = {};
          for (const [name, value] of Object.entries(fields)) {
            if (name === 'file') continue;
            // FormData itself turns lone line ends into CRLF.
            expected[name] = value.toWellFormed?.() ?? value;
            form.append(name, value);
          }
          form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'a "name".wav');
          const { body, contentType } = await encode(form);
          const parsed = await parseMultipart(body, contentType);
          expect(Buffer.from(parsed.file).equals(Buffer.from(bytes))).toBe(true);
          for (const [name, value] of Object.entries(expected)) {
            expect(parsed.filename).toBe('a "name".wav');
            expect(parsed.fields[name]).toBe(value.replace(/\r?\n|\r/g, '\r\n'));
          }
        },
      ),
      { seed: 3, numRuns: 100 },
    );
  });

  it('does not copy the file', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(100)]));
    const { body, contentType } = await encode(form);
    expect((await parseMultipart(body, contentType)).file.buffer).toBe(body.buffer);
  });

  it('keeps a file that contains text similar to the boundary', async () => {
    const file = 'a\r\n--xy\n--x\r\n--x-\r\n-';
    const body = latin1(`--x\r\ncontent-disposition: form-data; name=file\r\n\r\n${file}\r\n--x--\r\n`);
    expect(Buffer.from((await parseMultipart(body, 'multipart/form-data; boundary=x')).file).toString()).toBe(file);
  });

  it('returns the available part of a truncated form', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(1000).fill(7)]));
    const { body, contentType } = await encode(form);
    const cut = await parseMultipart(body.subarray(0, body.length - 600), contentType);
    expect(cut.file.length).toBeGreaterThan(300);
    expect(cut.file.every((byte) => byte === 7)).toBe(true);
  });

  it('reports a form that has no file, two files, no boundary, too many parts or an oversized field', async () => {
    const type = 'multipart/form-data; boundary="x"';
    const part = (name: string, value: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const reading = (text: string, contentType = type) => expect(parseMultipart(latin1(text), contentType)).rejects;
    await reading(`${part('a', '1')}--x--`).toThrow(/no part named "file"/);
    await reading(`${part('file', '1')}${part('file', '2')}--x--`).toThrow(/more than one part/);
    await reading(part('file', '1'), 'multipart/form-data').toThrow(/no boundary/);
    await reading(`${part('file', '1')}${Array.from({ length: 70 }, (_, i) => part(`a${i}`, '1')).join('')}`).toThrow(
      /more than 64 parts/,
    );
    await reading(`${part('file', '1')}${part('a', '1').repeat(2)}--x--`).toThrow(/"a" appears twice/);
    await reading(`${part('file', '1')}${part('a', 'x'.repeat(1_100_000))}--x--`).toThrow(/"a" has 1100000 bytes/);
  });

  it('accepts a preamble, and a first delimiter only at the start of a line', async () => {
    const rest = '\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n--x--';
    const read = async (text: string) => (await parseMultipart(latin1(text), 'multipart/form-data; boundary=x')).file;
    expect(Buffer.from(await read(`hello\r\n--x${rest}`)).toString()).toBe('1');
    await expect(read(`hello--x${rest}`)).rejects.toThrow(/no part named "file"/);
  });

  it('can be aborted during the search', async () => {
    const stop = new AbortController();
    const body = new Uint8Array(16 * 1024 * 1024).fill(45);
    const reading = parseMultipart(body, `multipart/form-data; boundary=${'-'.repeat(68)}x`, stop.signal);
    setTimeout(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  it('throws only typed errors for any input', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('--x', '\r\n', '--', 'content-disposition: form-data; name="file"', 'a', ':')),
        async (parts) => {
          try {
            await parseMultipart(latin1(parts.join('')), 'multipart/form-data; boundary=x');
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid-option' });
          }
        },
      ),
      { seed: 4, numRuns: 500 },
    );
  });

  it('rejects other content types', () => {
    expect(isMultipart('Multipart/Form-Data; boundary=x')).toBe(true);
    expect(isMultipart('audio/wav')).toBe(false);
    expect(isMultipart('multipart/mixed; boundary=x')).toBe(false);
  });
});
