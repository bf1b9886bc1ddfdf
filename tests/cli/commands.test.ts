/** What each command gives, from the built command. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWav, parseRttm, parseSrt, parseTurnsJson, parseVtt, VoiceBook } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { CONVERSATION, scratchFolder, TRUTH, VOICEFLOW, voiceflow } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);

/** A part of the conversation as a file of its own; 16 kHz, 16 bits, 44 bytes of header. */
function excerpt(name: string, start: number, end: number): string {
  const bytes = readFileSync(CONVERSATION);
  const samples = Float32Array.from(
    { length: (end - start) * 16_000 },
    (_, i) => bytes.readInt16LE(44 + 2 * (start * 16_000 + i)) / 32_768,
  );
  writeFileSync(at(name), encodeWav(samples, 16_000));
  return at(name);
}

/** Three of the four voices, in less time. */
let opening = '';
beforeAll(() => {
  mkdirSync(at('calls/may'), { recursive: true });
  opening = excerpt('opening.wav', 0, 21);
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
    excerpt('calls/may/b.WAV', 5, 15);
    excerpt('calls/may/c.wav', 24, 35);
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
    const twins = await voiceflow(['diarize', at('calls/a.wav'), excerpt('a.wav', 5, 15), '-f', 'rttm']);
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

describe('voice book', () => {
  const book = () => at('voices.json');
  const alone = { sally: [0.7, 6], ross: [14.1, 18.2], angus: [52.3, 55.2] } as const;

  it('enrolls voices, recognizes them in the conversation, and names its turns', async () => {
    for (const [name, [start, end]] of Object.entries(alone)) {
      const { code, stdout, stderr } = await voiceflow([
        'enroll',
        name,
        excerpt(`${name}.wav`, start, end),
        '--book',
        book(),
      ]);
      expect(code).toBe(0);
      const told = new RegExp(`^${name}: (\\d\\.\\d) s of speech, consistency (0\\.[89]\\d|1\\.00)\n$`).exec(stdout);
      expect(stderr === '').toBe(Number(told?.[1]) >= 5);
      if (stderr !== '') expect(stderr).toMatch(/has only \d\.\d s of speech; enroll at least 10 s/);
    }
    expect(VoiceBook.parse(readFileSync(book(), 'utf8')).voices.map(({ name }) => name)).toEqual(Object.keys(alone));

    const { stdout } = await voiceflow(['identify', CONVERSATION, '--book', book(), '--json']);
    const found: { name: string | null; score: number }[] = JSON.parse(stdout).speakers;
    expect(found.map(({ name }) => name).sort()).toEqual(['angus', null, 'ross', 'sally'].sort());
    for (const { name, score } of found) if (name !== null) expect(score).toBeGreaterThan(0.5);
    const table = await voiceflow(['identify', CONVERSATION, '--book', book()]);
    expect(table.stdout).toMatch(/^speaker +name +seconds +score\n/);
    expect(table.stdout).toContain('unknown');
    writeFileSync(at('cut.wav'), readFileSync(CONVERSATION).subarray(0, 44 + 32_000 * 12));
    for (const args of [
      ['identify', at('cut.wav'), '--book', book()],
      ['enroll', 'cut', at('cut.wav'), '--book', at('cut.json')],
    ]) {
      const { code, stderr } = await voiceflow(args);
      expect(code).toBe(0);
      expect(stderr).toMatch(/^voiceflow: \S+cut\.wav: warning: [^\n]+ \[audio-truncated\]\n/);
    }

    const named = await voiceflow(['diarize', CONVERSATION, '--book', book(), '-f', 'rttm']);
    const speakers = new Set(parseRttm(named.stdout)[0]?.turns.map(({ speaker }) => speaker));
    expect([...speakers].filter((speaker) => !speaker.startsWith('SPEAKER_')).sort()).toEqual([
      'angus',
      'ross',
      'sally',
    ]);
  });

  it('warns about other voices in a sample, and rejects too little speech', async () => {
    const own = at('one.json');
    const several = await voiceflow(['enroll', 'sally', excerpt('several.wav', 0.7, 18.2), '--book', own]);
    expect(several).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/\d\d % of the speech is of other voices; only the main voice is enrolled/),
    });
    const short = await voiceflow(['enroll', 'ross', excerpt('short.wav', 15, 15.4), '--book', own]);
    expect(short).toMatchObject({ code: 1, stderr: expect.stringMatching(/only 0\.\d s of speech found/) });
    expect(VoiceBook.parse(readFileSync(own, 'utf8')).voices.map(({ name }) => name)).toEqual(['sally']);
  });

  it('lists, renames and removes voices', async () => {
    const copy = at('copy.json');
    writeFileSync(copy, readFileSync(book(), 'utf8'));
    const list = await voiceflow(['voices', 'list', '--book', copy]);
    expect(list.stdout).toMatch(/^name +seconds +samples +consistency\nsally .*\nross .*\nangus .*\n$/);
    expect((await voiceflow(['voices', 'rename', 'ross', ' Ross B', '--book', copy])).code).toBe(0);
    expect((await voiceflow(['voices', 'remove', 'sally', '--book', copy])).code).toBe(0);
    const { stdout } = await voiceflow(['voices', 'list', '--book', copy, '--json']);
    expect(JSON.parse(stdout).voices.map(({ name }: { name: string }) => name)).toEqual(['Ross B', 'angus']);
    const gone = await voiceflow(['voices', 'remove', 'angos', '--book', copy]);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean angus?') });
    expect((await voiceflow(['voices', 'forget', '--book', copy])).code).toBe(2);
  });

  it('does not change if a recording is invalid', async () => {
    const before = readFileSync(book(), 'utf8');
    const { code } = await voiceflow(['enroll', 'sally', at('sally.wav'), TRUTH, '--book', book()]);
    expect(code).toBe(1);
    expect(readFileSync(book(), 'utf8')).toBe(before);
  });

  it('embeddings have length 1, and are more similar within a speaker than across speakers', async () => {
    const vector = async (...args: string[]) => {
      const { stdout } = await voiceflow(['embed', ...args]);
      const { embedding, model }: { embedding: number[]; model: { space: string } } = JSON.parse(stdout);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
      expect(model.space).toMatch(/^fast-cnn\//);
      return embedding;
    };
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    const sally = await vector(CONVERSATION, '--from', '0.7', '--to', '6');
    const again = await vector(CONVERSATION, '--from', '61.5', '--to', '67');
    const ross = await vector(at('ross.wav'));
    expect(await vector(excerpt('start.wav', 0, 6), '--from', '0.7')).toEqual(
      await vector(at('start.wav'), '--from', '0.7', '--to', '6'),
    );
    expect(dot(sally, again)).toBeGreaterThan(dot(sally, ross) + 0.2);
  });
});

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
