import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TEMPLATE = at('../../../examples/browser/index.html');
const PROMISE = 'Who spoke when';
const SCRIPT = '<script type="module" src="assets/main.js"></script>';

/** The server's page in one file: that of examples/browser, with a script that asks the server. */
export async function buildPage(): Promise<{ readonly html: string; readonly files: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [at('main.ts')],
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    // The sources: packages are built side by side, and the SDK may not be there yet.
    alias: { 'voiceflow-ml/core': at('../../sdk/src/core.ts') },
  });
  const template = readFileSync(TEMPLATE, 'utf8');
  for (const part of [`${PROMISE}</span>`, SCRIPT]) {
    if (!template.includes(part)) throw new Error(`${TEMPLATE} has no ${part}`);
  }
  // By functions: `$` means nothing special in what they give.
  const html = template
    .replace(`${PROMISE}</span>`, () => `${PROMISE}, by this server</span>`)
    .replace(SCRIPT, () => `<script>${outputFiles[0]?.text.trim()}</script>`);
  return { html, files: [TEMPLATE, ...Object.keys(metafile.inputs)] };
}
