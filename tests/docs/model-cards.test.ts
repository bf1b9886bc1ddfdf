import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../packaging/packed.ts';

/** Model cards and READMEs of the embedded networks say what their manifests say. */

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Manifest {
  readonly version: string;
  readonly parameters: number;
  readonly files: Readonly<Record<string, { readonly bytes: number }>>;
}

const inMillions = (count: number) => (count / 1e6).toFixed(1);

describe.each(['fast-cnn', 'segmenter'])('%s', (name) => {
  const { version, parameters, files } = JSON.parse(read(`models/${name}/manifest.json`)) as Manifest;
  const bytes = files[`${name}.onnx`]?.bytes ?? 0;

  it('has a card of its version and number of parameters', () => {
    const card = read(`models/${name}/MODEL_CARD.md`);
    expect(card.split('\n')[0]).toMatch(new RegExp(` ${version.replaceAll('.', '\\.')}$`));
    expect(card).toContain(`| parameters | ${parameters.toLocaleString('en')} |`);
  });

  it.each(['README.md', `models/${name}/README.md`])('has its size in %s', (page) => {
    expect(read(page)).toContain(`${inMillions(parameters)} M parameters, ${inMillions(bytes)} MB`);
  });
});
