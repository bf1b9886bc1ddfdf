import { afterEach, expect, it, vi } from 'vitest';
import { bytesOf, fetchPackageFile, looksLikeHtml, type PackageFile } from './package-file.ts';

const html = '<!doctype html><title>an app</title>';
const file: PackageFile = {
  what: 'the weights of toy',
  url: new URL('https://app.example/assets/toy.onnx'),
  packageName: '@voiceflow-ml/toy',
  path: 'toy.onnx',
  instead: 'toyFrom(bytes)',
};
const read = async (response: Parameters<Parameters<typeof fetchPackageFile>[1]>[0]) => bytesOf(response, 3);

/** Answers by address; anything else is a page, as single-page servers answer. */
function serve(files: Record<string, () => Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(address);
    return files[address]?.() ?? new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } });
  });
  return asked;
}
afterEach(() => vi.unstubAllGlobals());

it('returns the file from where the bundler placed it', async () => {
  const asked = serve({ [file.url.href]: () => new Response(Uint8Array.of(1, 2, 3)) });
  expect(await fetchPackageFile(file, read)).toEqual(Uint8Array.of(1, 2, 3));
  expect(asked).toEqual([file.url.href]);
});

it.each(['.vite/deps', '.vite-temp/deps'])(
  'finds the package through the dependency cache of Vite in %s',
  async (cache) => {
    const url = new URL(`https://app.example/base/node_modules/${cache}/toy.onnx`);
    const beside = 'https://app.example/base/node_modules/@voiceflow-ml/toy/toy.onnx';
    serve({ [beside]: () => new Response(Uint8Array.of(1, 2, 3)) });
    expect(await fetchPackageFile({ ...file, url }, read)).toEqual(Uint8Array.of(1, 2, 3));
  },
);

it.each([
  ['a page', () => new Response(html, { headers: { 'content-type': 'text/html' } }), 'received an HTML page'],
  [
    'a page without a type',
    () => new Response(html, { headers: { 'content-type': '' } }),
    'received 36 bytes (HTML), expected 3',
  ],
  ['part of it', () => new Response(Uint8Array.of(1)), 'received 1 bytes, expected 3'],
  ['nothing', () => new Response(null, { status: 404 }), 'HTTP status 404'],
])('reports that %s was received, from which URL, with a hint', async (_, answer, message) => {
  serve({ [file.url.href]: answer });
  const error = await fetchPackageFile(file, read).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'model-not-found' });
  expect(String(error)).toContain(`the weights of toy could not be fetched from ${file.url.href}: ${message}`);
  expect((error as { hint: string }).hint).toMatch(/copy it next to.*optimizeDeps\.exclude.*toyFrom\(bytes\)/);
});

it.each([() => Promise.reject(new TypeError('Failed to fetch')), async () => new Response('', { status: 503 })])(
  'does not blame the bundler when the network or the server fails',
  async (answer) => {
    vi.stubGlobal('fetch', answer);
    const loading = fetchPackageFile(file, read);
    await expect(loading).rejects.toMatchObject({
      code: 'model-not-found',
      hint: 'check the connection and try again',
    });
  },
);

it('stops on abort', async () => {
  serve({});
  await expect(fetchPackageFile(file, read, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
});

it('recognizes HTML pages by their first bytes', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(looksLikeHtml(bytes('\n <HTML lang=en>'))).toBe(true);
  expect(looksLikeHtml(bytes('<!DOCTYPE html>'))).toBe(true);
  expect(looksLikeHtml(Uint8Array.of(8, 9, 60, 33))).toBe(false);
  expect(looksLikeHtml(new Uint8Array())).toBe(false);
});
