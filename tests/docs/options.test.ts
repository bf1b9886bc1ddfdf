import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiarizeQuery, EmbedQuery } from '../../packages/server/src/engine/runner/params.ts';
import { StreamQuery } from '../../packages/server/src/routes/stream/schema.ts';
import { ROOT } from '../packaging/packed.ts';

/** What users can set is in the README of its package: environment variables, options of the SDK and of the routes. */

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readmes = ['cli', 'server', 'jobs', 'sdk'].map((name) => read(`packages/${name}/README.md`)).join('\n');

/** Variables between processes of VoiceFlow itself, and of its test worker. */
const INTERNAL = ['VOICEFLOW_RUN_NOTE', 'VOICEFLOW_FAULTS'];

it('environment variables', () => {
  const sources = ['cli', 'server', 'jobs', 'sdk']
    .flatMap((name) =>
      readdirSync(join(ROOT, `packages/${name}/src`), { recursive: true, encoding: 'utf8' }).map(
        (file) => `packages/${name}/src/${file.replaceAll('\\', '/')}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map(read);
  const names = new Set(sources.flatMap((text) => text.match(/\bVOICEFLOW_[A-Z0-9_]*[A-Z0-9]\b/g) ?? []));
  expect(names.size).toBeGreaterThan(30);
  // A list of names with one beginning: `VOICEFLOW_S3_BUCKET`, `_ENDPOINT`.
  const isTold = (name: string) => readmes.includes(name) || readmes.includes(name.replace(/^VOICEFLOW_S3/, '`'));
  expect([...names].filter((name) => !INTERNAL.includes(name) && !isTold(name))).toEqual([]);
});

describe('options of the SDK', () => {
  const [, options = ''] = /\n## Options\n([\s\S]*?)(?=\n## |$)/.exec(read('packages/sdk/README.md')) ?? [];
  const told = [...options.matchAll(/`(\w+)`/g)].map(([, name]) => name);

  it.each([
    ['diarizer.ts', 'CreateDiarizerOptions', ['warnings']],
    ['choose-backend.ts', 'CreateDiarizerOptions', []],
    ['contract/options.ts', 'DiarizeOptions', []],
    ['contract/options.ts', 'SpeakerCountOptions', []],
    ['contract/options.ts', 'EmbedOptions', []],
    ['contract/live.ts', 'LiveOptions', []],
    ['contract/live.ts', 'LiveEndOptions', []],
    ['contract/audio.ts', 'AudioLimits', []],
  ])('%s %s', (file, type, internal: string[]) => {
    const [, body = ''] =
      new RegExp(`export interface ${type} [^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(read(`packages/sdk/src/${file}`)) ?? [];
    const names = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => name);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !internal.includes(name) && !told.includes(name))).toEqual([]);
  });
});

describe('query parameters of the routes', () => {
  const server = read('packages/server/README.md');
  it.each([
    ['/v1/diarize', DiarizeQuery],
    ['/v1/embed', EmbedQuery],
    ['/v1/stream', StreamQuery],
  ])('%s', (route, query) => {
    const row = server.split('\n').find((line) => line.startsWith('| `') && line.includes(route)) ?? '';
    const names = Object.keys(query.entries);
    expect(names.filter((name) => !new RegExp(`[\`?&]${name}\\b`).test(row))).toEqual([]);
  });
});
