import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TEMPLATE = at('../../../examples/browser/index.html');
const TAGLINE = 'Who spoke when';
const SCRIPT = '<script type="module" src="assets/main.js"></script>';

/** Builds the server's page as one file: the page of examples/browser with a script that calls the server. */
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
    // Points to the sources because packages are built in parallel, and the SDK may not be built yet.
    alias: { 'voiceflow-ml/core': at('../../sdk/src/core.ts') },
  });
  const template = readFileSync(TEMPLATE, 'utf8');
  for (const part of [`${TAGLINE}</span>`, SCRIPT]) {
    if (!template.includes(part)) throw new Error(`${TEMPLATE} has no ${part}`);
  }
  // Replaced by functions, because `$` has a special meaning in replacement strings.
  const html = template
    .replace(`${TAGLINE}</span>`, () => `${TAGLINE}, by this server</span>`)
    .replace(SCRIPT, () => `<script>${outputFiles[0]?.text.trim()}</script>`);
  return { html, files: [TEMPLATE, ...Object.keys(metafile.inputs)] };
}
