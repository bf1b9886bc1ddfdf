/** What the commands `score`, `models` and `help` give, from the built command. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRttm } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { CONVERSATION, scratchFolder, TRUTH, voiceflow } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);

describe('voiceflow score', () => {
  it('prints the scores of the SDK, as a table and as JSON', async () => {
    writeFileSync(at('hyp.rttm'), (await voiceflow(['diarize', CONVERSATION, '-f', 'rttm'])).stdout);
    writeFileSync(at('part.uem'), 'conversation 1 10 40\n');
    const truth = parseRttm(readFileSync(TRUTH, 'utf8'));
    const found = parseRttm(readFileSync(at('hyp.rttm'), 'utf8'));
    const plain = scoreDiarization(truth, found);
    const { stdout, code } = await voiceflow(['score', TRUTH, at('hyp.rttm'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ files: plain.files, total: plain.total });
    const table = await voiceflow(['score', TRUTH, at('hyp.rttm')]);
    expect(table.stdout).toMatch(new RegExp(`^conversation +${plain.total.der?.toFixed(2).replace('.', '\\.')} `, 'm'));
    const lenient = await voiceflow(['score', TRUTH, at('hyp.rttm'), '--collar', '0.25', '--skip-overlap', '--json']);
    expect(JSON.parse(lenient.stdout).total).toEqual(
      scoreDiarization(truth, found, { collar: 0.25, skipOverlap: true }).total,
    );
    const part = await voiceflow(['score', TRUTH, at('hyp.rttm'), '--uem', at('part.uem'), '--json']);
    expect(JSON.parse(part.stdout).total.scored).toBeLessThan(plain.total.scored / 2);
  });
});

describe('voiceflow models', () => {
  const env = () => ({ VOICEFLOW_HOME: at('home') });

  it('lists the models and their locations', async () => {
    const { stdout } = await voiceflow(['models', 'list'], { env: env() });
    expect(stdout).toMatch(/^fast-cnn +\S+ +embedded /m);
    expect(stdout).toMatch(/^accurate +\S+ +not installed +34\.3 MB /m);
    expect(stdout).toMatch(/^light +\S+ +not installed +6\.0 MB /m);
    expect(stdout).toMatch(/^pyannote +\S+ +not installed +32\.8 MB /m);
    expect((await voiceflow(['models', 'path'], { env: env() })).stdout).toBe(`${at('home/models')}\n`);
    expect((await voiceflow(['models', 'path', 'pyannote'], { env: env() })).stdout).toContain(at('home'));
  });

  it('pull downloads from a base URL, and rejects files that do not match the manifest', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end('<html>log in first</html>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => server.close());
    const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights`;
    const { code, stdout, stderr } = await voiceflow(['models', 'pull', 'pyannote', '--from', from], { env: env() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(asked[0]).toBe('/weights/segmentation-3.0.onnx');
    expect(stderr).toMatch(
      /^voiceflow: pyannote 4\.0\.0, 32\.8 MB, license: .*\n(voiceflow: {3}\S+, \S+ MB, from http\S+\n){4}/,
    );
    expect(stderr).toMatch(
      /\nvoiceflow: cannot download http:\S+: the response ended after 25 of 5992913 bytes\. .*\n$/,
    );
  });

  it('pull has nothing to download for the embedded model', async () => {
    expect(await voiceflow(['models', 'pull', 'fast-cnn'])).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('help and version', () => {
  it('have examples for every command, which are valid', async () => {
    const { stdout, code } = await voiceflow(['--help']);
    expect(code).toBe(0);
    const names = [...(stdout.split('Commands\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\w+) /gm)].map(
      ([, name]) => name ?? '',
    );
    expect(names).toEqual(expect.arrayContaining(['diarize', 'embed', 'enroll', 'identify', 'score', 'models']));
    for (const name of names) {
      const help = await voiceflow([name, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(/Examples\n {2}# .+\n {2}\S/);
      // Also where another program lists its own options.
      expect(help.stdout.match(/^(Usage|Options)\b|--help\b/gm)).toEqual(['Usage', 'Options', '--help']);
      expect((await voiceflow(['help', name])).stdout).toBe(help.stdout);
    }
  });

  it('print the version', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../packages/cli/package.json', import.meta.url), 'utf8'));
    expect(await voiceflow(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  });
});
