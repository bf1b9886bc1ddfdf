/** What `voiceflow diarize` gives, from the built command. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeWav, parseRttm, parseSrt, parseTurnsJson, parseVtt } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { CONVERSATION, excerpt, scratchFolder, TRUTH, VOICEFLOW, voiceflow } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);

/** Three of the four voices, in less time. */
let opening = '';
beforeAll(() => {
  mkdirSync(at('calls/may'), { recursive: true });
  opening = excerpt(at('opening.wav'), 0, 21);
});

describe('voiceflow diarize', () => {
  it('reads an MP3, from a file and from a pipe', async () => {
    const talk = join(VOICEFLOW, '../../../codecs/fixtures/talk.mp3');
    const { code, stdout, stderr } = await voiceflow(['diarize', talk]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^0:00:0\d\.\d{3} {2}0:00:0[12]\.\d{3} {2}SPEAKER_00\n$/);
    const piped = await voiceflow(['diarize', '-'], { input: readFileSync(talk) });
    expect(piped).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });

  it('decodes other formats with ffmpeg where installed, and otherwise rejects them', async () => {
    const unknown = at('call.voc');
    const have =
      spawnSync('ffmpeg', ['-v', 'error', '-y', '-t', '5', '-i', CONVERSATION, '-ac', '1', unknown]).status === 0;
    if (!have) writeFileSync(unknown, 'Creative Voice File\x1a\x1a\0\x0a\x01');
    const { code, stdout, stderr } = await voiceflow(['diarize', unknown]);
    if (have)
      expect({ code, stderr, turns: stdout.split('\n').length > 1 }).toEqual({ code: 0, stderr: '', turns: true });
    const without = await voiceflow(['diarize', unknown], { env: { PATH: '' } });
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('no supported audio format') });
    writeFileSync(
      at('noise.bin'),
      Uint8Array.from({ length: 9_000 }, (_, i) => (i * i * 7 + i) % 251),
    );
    expect(await voiceflow(['diarize', at('noise.bin')])).toMatchObject({ code: 1, stdout: '' });
  });

  it('separates the channels of a call, names them, or selects one', async () => {
    const bytes = readFileSync(CONVERSATION);
    const mono = Float32Array.from({ length: 20 * 16_000 }, (_, i) => bytes.readInt16LE(44 + 2 * i) / 32_768);
    // Other words at the same time on the right.
    const late = Float32Array.from(
      { length: mono.length },
      (_, i) => bytes.readInt16LE(44 + 2 * (i + 640_000)) / 65_536,
    );
    const call = at('call.wav');
    writeFileSync(call, encodeWav([mono, late], 16_000));
    const labels = async (...args: string[]) => {
      const { stdout, stderr } = await voiceflow(['diarize', call, '-f', 'json', ...args]);
      const { speakers } = JSON.parse(stdout) as { speakers: { label: string }[] };
      return { labels: speakers.map(({ label }) => label), stderr };
    };
    expect((await labels()).stderr).toMatch(/channels-mixed/);
    const apart = await labels('--channels', 'separate');
    expect(apart.stderr).toBe('');
    expect(new Set(apart.labels.map((label) => label.replace(/_\d+$/, '')))).toEqual(new Set(['LEFT', 'RIGHT']));
    const named = await labels('--channels', 'agent,customer');
    expect(named.labels.map((label) => label.replace('agent', 'LEFT').replace('customer', 'RIGHT'))).toEqual(
      apart.labels,
    );
    expect((await labels('--channels', '1')).labels).toEqual(
      apart.labels.flatMap((label, i) =>
        label.startsWith('LEFT')
          ? [`SPEAKER_0${apart.labels.slice(0, i).filter((one) => one.startsWith('LEFT')).length}`]
          : [],
      ),
    );
    const wrong = await voiceflow(['diarize', call, '--channels', 'both']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('mix, separate, a number') });
    writeFileSync(at('mono.wav'), encodeWav([mono], 16_000));
    const single = await voiceflow(['diarize', at('mono.wav'), '-f', 'rttm', '--channels', 'separate']);
    expect(single.stdout).toContain('SPEAKER_00');
    const names = await voiceflow(['diarize', at('mono.wav'), '--channels', 'agent,customer']);
    expect(names).toMatchObject({ code: 1, stdout: '' });
    expect(names.stderr).toMatch(/channelNames is .*, but the audio has one channel .* without names/);
    expect((await voiceflow(['diarize', call, '--channels', 'a,b,c'])).stderr).toMatch(/expected 2 different names/);
    const third = await voiceflow(['diarize', call, '--channels', '3']);
    expect(third).toMatchObject({ code: 1, stderr: expect.stringContaining('2 channels') });
  });

  it('returns the same turns in every format', async () => {
    const out = at('formats');
    for (const format of ['text', 'json', 'rttm', 'srt', 'vtt']) {
      expect(await voiceflow(['diarize', opening, '-f', format, '-o', out])).toEqual({
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
    }
    const read = (extension: string) => readFileSync(join(out, `opening.${extension}`), 'utf8');
    const json = JSON.parse(read('json'));
    const turns = parseTurnsJson(json.turns).map(({ start, end, speaker }) => [start, end, speaker]);
    expect(turns.length).toBeGreaterThan(5);
    expect(json).toMatchObject({ file: opening, warnings: [], model: { id: 'fast-cnn' } });
    const rounded = (time: number) => Math.round(time * 1000) / 1000;
    const near = (list: readonly { start: number; end: number; speaker?: string }[]) =>
      list.map(({ start, end, speaker }) => [rounded(start), rounded(end), speaker]);
    expect(near(parseRttm(read('rttm'))[0]?.turns ?? [])).toEqual(turns);
    expect(near(parseSrt(read('srt')))).toEqual(turns);
    expect(near(parseVtt(read('vtt')))).toEqual(turns);
    const seconds = (time = '') => rounded(time.split(':').reduce((sum, part) => 60 * sum + Number(part), 0));
    const lines = read('txt').trim().split('\n');
    expect(lines.map((line) => line.split(/ {2}/)).map(([a, b, who]) => [seconds(a), seconds(b), who])).toEqual(turns);
  });

  it('finds the four speakers of the conversation', async () => {
    const { stdout } = await voiceflow(['diarize', CONVERSATION, '-f', 'rttm']);
    const { total, files } = scoreDiarization(parseRttm(readFileSync(TRUTH, 'utf8')), parseRttm(stdout));
    expect(Object.keys(files.conversation?.mapping ?? {})).toHaveLength(4);
    expect(total.der).toBeLessThanOrEqual(15);
  });

  it('reads standard input, and applies the number of speakers and exclusive turns', async () => {
    const { code, stdout } = await voiceflow(['diarize', '-', '--speakers', '2', '--exclusive', '-f', 'json'], {
      input: readFileSync(opening),
    });
    const { speakers, turns } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(speakers).toHaveLength(2);
    for (let i = 1; i < turns.length; i++) expect(turns[i].start).toBeGreaterThanOrEqual(turns[i - 1].end);
  });

  it('processes a folder with its structure, draws each timeline, and returns the same result with parallel jobs', async () => {
    copyFileSync(opening, at('calls/a.wav'));
    excerpt(at('calls/may/b.WAV'), 5, 15);
    excerpt(at('calls/may/c.wav'), 24, 35);
    const args = ['diarize', at('calls'), '-f', 'rttm'];
    expect(await voiceflow([...args, '-o', at('res'), '--timeline', at('svg'), '--jobs', '3'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(readdirSync(at('res')).sort()).toEqual(['a.rttm', 'may']);
    expect(readdirSync(at('res/may')).sort()).toEqual(['b.rttm', 'c.rttm']);
    expect(readFileSync(at('svg/may/c.svg'), 'utf8')).toMatch(/^<svg .*[\s\S]*<\/svg>\n$/);
    const one = await voiceflow(args);
    const side = await voiceflow([...args, '--jobs', '3']);
    expect(side.stdout).toBe(one.stdout);
    expect(one.stdout).toBe(
      ['a', 'may/b', 'may/c'].map((name) => readFileSync(at(`res/${name}.rttm`), 'utf8')).join(''),
    );
    // Of one name, they are told apart.
    const twins = await voiceflow(['diarize', at('calls/a.wav'), excerpt(at('a.wav'), 5, 15), '-f', 'rttm']);
    expect(parseRttm(twins.stdout).map(({ uri }) => uri)).toEqual([at('calls/a.wav'), at('a.wav')]);
    const lines = (await voiceflow([...args.slice(0, 2), '-f', 'json'])).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).file)).toEqual([
      at('calls/a.wav'),
      at('calls/may/b.WAV'),
      at('calls/may/c.wav'),
    ]);
  });

  it('prints warnings to stderr, and continues', async () => {
    writeFileSync(at('short.wav'), readFileSync(opening).subarray(0, 44 + 32_000 * 12));
    const { code, stdout, stderr } = await voiceflow(['diarize', at('short.wav')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/SPEAKER_00\n/);
    expect(stderr).toMatch(/^voiceflow: \S+short\.wav: warning: [^\n]+ \[audio-truncated\]\n$/);
  });

  it('returns the same on the WebAssembly backend', async () => {
    const node = await voiceflow(['diarize', opening]);
    const wasm = await voiceflow(['diarize', opening, '--backend', 'wasm']);
    expect(wasm).toMatchObject({ code: 0, stderr: '' });
    expect(wasm.stdout).toBe(node.stdout);
  });

  const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
  it.skipIf(!hasTerminal)('draws progress and a timeline on a terminal (needs util-linux’s script for one)', () => {
    const line = `stty cols 90; "${process.execPath}" "${VOICEFLOW}" diarize "${opening}"`;
    const env = { ...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', FORCE_COLOR: '3' };
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { env, encoding: 'utf8' });
    expect(stdout).toMatch(/\r\S+ [━╌]{24} \d+ %/);
    const after = stripVTControlCharacters(stdout).replaceAll('\r', '');
    expect(after).toMatch(
      /opening\.wav: 0:21, \d speakers, done in [\d.]+ s\n\n +0:00 .*\nSPEAKER_00 +[·▀▘▝]+ +0:\d\d +\d+ %\n/,
    );
    for (const row of after.split('\n').filter((text) => text.startsWith('SPEAKER_')))
      expect(row.length).toBeLessThan(90);
    expect(after).toMatch(/\n0:00:\d\d\.\d{3} {2}0:00:\d\d\.\d{3} {2}SPEAKER_00\n/);
  });

  it('follows NO_COLOR and FORCE_COLOR, and prints no color into a pipe', async () => {
    const help = (env: Record<string, string>) => voiceflow(['diarize', '--help'], { env });
    expect((await help({})).stdout).not.toContain('\u001b');
    expect((await help({ FORCE_COLOR: '1' })).stdout).toContain('\u001b[1m');
    expect((await help({ NO_COLOR: '1' })).stdout).not.toContain('\u001b');
  });
});
