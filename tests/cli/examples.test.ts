/** The demo and the examples that people copy, run as they are. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseRttm } from 'voiceflow-ml/core';
import { CONVERSATION, scratchFolder, TRUTH } from './command.ts';

/** Percent, of the networks and settings as committed: `npm run accuracy -- examples/audio`. Change it with them, in the same commit. */
const DEMO_DER = 7.0;

const root = scratchFolder();

function example(name: string, ...args: string[]): string {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const { FORCE_COLOR, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', LC_ALL: 'C.UTF-8', COLUMNS: '100' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { cwd: root, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('examples', () => {
  it('demo.mjs finds four speakers, draws them beside the reference, and writes both files', () => {
    const text = example('demo.mjs', join(root, 'demo'));
    expect(text).toContain('4 found, 4 in the reference');
    const [, der] = /error \(DER\) +([\d.]+) %/.exec(text) ?? [];
    expect(Number(der)).toBeLessThanOrEqual(DEMO_DER + 1);
    expect(text).toMatch(/real-time factor +0\.\d{3}: /);
    for (const voice of ['slt', 'rms', 'awb', 'kal16'])
      expect(text).toMatch(new RegExp(`^${voice} +[·▄▖▗]+ +\\d:`, 'm'));
    expect(readdirSync(join(root, 'demo')).sort()).toEqual(['conversation.rttm', 'conversation.svg']);
    expect(parseRttm(readFileSync(join(root, 'demo/conversation.rttm'), 'utf8'))[0]?.turns.length).toBeGreaterThan(20);
  });

  it('live-microphone.mjs prints turns as they end, and the total time of each speaker', () => {
    const path = fileURLToPath(new URL('../../examples/live-microphone.mjs', import.meta.url));
    const input = readFileSync(CONVERSATION).subarray(44, 44 + 20 * 32_000);
    const { status, stdout, stderr } = spawnSync(process.execPath, [path], { input, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^(\d+\.\d {2}\d+\.\d {2}SPEAKER_\d\d\n|SPEAKER_\d\d is SPEAKER_\d\d\n){3,}/);
    expect(stdout).toMatch(/SPEAKER_00 spoke for \d+\.\d s\n/);
  });

  it('node-file.mjs prints the turns of a file', () => {
    expect(example('node-file.mjs', CONVERSATION)).toMatch(/^(\d+\.\d\d {2}\d+\.\d\d {2}SPEAKER_0\d\n){20,}$/);
  });

  it('merge-with-words.mjs prints the words of each speaker', () => {
    const text = example('merge-with-words.mjs');
    const words: { text: string; speaker: string }[] = JSON.parse(
      readFileSync(new URL('../../examples/audio/conversation.words.json', import.meta.url), 'utf8'),
    );
    const said = text
      .trim()
      .split('\n')
      .map((line) => line.replace(/^ *[\d.]+ {2}\w+: /, ''));
    expect(said.join(' ').split(' ').sort()).toEqual(words.map((word) => word.text).sort());
    expect(text).toMatch(/SPEAKER_00: Two hundred and twelve\.\n/);
  });

  it('batch-folder.mjs writes a file for each recording', () => {
    const text = example(
      'batch-folder.mjs',
      fileURLToPath(new URL('../../examples/audio', import.meta.url)),
      'results',
    );
    expect(text).toMatch(/^conversation\.wav: 4 speakers, \d+ turns\n$/);
    expect(readdirSync(join(root, 'results'))).toEqual(['conversation.rttm']);
  });

  it('known-voices.mjs names known speakers', () => {
    const text = example('known-voices.mjs');
    expect(text).toMatch(/^Sally: \d+\.\d s\nRoss: \d+\.\d s\nAngus: \d+\.\d s\nSPEAKER_0\d \(unknown\): \d+\.\d s\n$/);
  });
});

describe('the demo conversation', () => {
  it('has an RTTM and words that match the audio', () => {
    const bytes = readFileSync(CONVERSATION);
    const seconds = (bytes.length - 44) / 2 / bytes.readUInt32LE(24);
    const turns = parseRttm(readFileSync(TRUTH, 'utf8'))[0]?.turns ?? [];
    expect(seconds).toBeGreaterThan(70);
    expect(new Set(turns.map(({ speaker }) => speaker)).size).toBe(4);
    for (const { start, end } of turns) expect(start >= 0 && start < end && end < seconds).toBe(true);
    const level = (from: number, to: number) => {
      let sum = 0;
      for (let i = Math.round(from * 16_000); i < to * 16_000; i++)
        sum += (bytes.readInt16LE(44 + 2 * i) / 32_768) ** 2;
      return sum / ((to - from) * 16_000);
    };
    // Labels that were shifted against the audio would lie on silence.
    const quiet = level(0, 0.5);
    for (const { start, end } of turns) expect(level(start, end)).toBeGreaterThan(100 * quiet);
  });
});
