/** What users do wrong, given to the built command: exit code, one line that says what and what to do, nothing left. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeWav, VoiceBook } from 'voiceflow-ml/core';
import { CONVERSATION, scratchFolder, shell, voiceflow, WORDS } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);
const MODEL = new URL('../../models/fast-cnn/', import.meta.url);

beforeAll(() => {
  for (const folder of ['notes', 'model', 'a', 'b']) mkdirSync(at(folder));
  for (const file of ['a/x.wav', 'b/x.wav']) writeFileSync(at(file), 'x');
  writeFileSync(at('notes/readme.txt'), 'no audio here');
  writeFileSync(at('empty.wav'), '');
  writeFileSync(at('text.txt'), 'Dear diary, today I spoke with Ada.\n');
  writeFileSync(at('page.wav'), '<!DOCTYPE html><html><head><title>404</title></head></html>');
  writeFileSync(at('silence.wav'), encodeWav(new Float32Array(0), 16_000));
  writeFileSync(at('nan.wav'), encodeWav(new Float32Array(16_000).fill(Number.NaN), 16_000, { encoding: 'f32' }));
  const weights = readFileSync(new URL('fast-cnn.onnx', MODEL));
  weights[weights.length >> 1] = (weights[weights.length >> 1] ?? 0) ^ 1;
  writeFileSync(at('model/fast-cnn.onnx'), weights);
  copyFileSync(new URL('manifest.json', MODEL), at('model/manifest.json'));
});

describe('invalid input files', () => {
  it.each([
    ['a directory without audio', 'notes', /no audio file in this folder/],
    ['an empty file', 'empty.wav', /the audio is empty \(0 bytes\) \[unsupported-format\]/],
    ['a text file', 'text.txt', /text.*WAV.*\[unsupported-format\]/],
    ['an HTML page named .wav', 'page.wav', /HTML.*\[unsupported-format\]/],
    ['a missing file', 'missing.wav', /no such file or directory/],
    ['a pattern that nothing matches', '*.flac', /no file matches/],
    ['a WAV without samples', 'silence.wav', /\[invalid-audio\]/],
    ['a WAV of NaN', 'nan.wav', /\[invalid-audio\]/],
  ])('%s', async (_, name, message) => {
    const { code, stdout, stderr } = await voiceflow(['diarize', at(name), '--out', at('out')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(new RegExp(`^voiceflow: .*${name.replace('*', '\\*')}: [^\n]+\\.\n$`));
    expect(readdirSync(root)).not.toContain('out');
  });

  // Root reads what nobody may read: the kernel's own unreadable file stands in for it there.
  const unreadable = process.getuid?.() === 0 ? '/proc/self/mem' : at('locked.wav');
  it.skipIf(process.platform !== 'linux')(
    'reports an unreadable file (needs Linux: /proc or permissions)',
    async () => {
      if (unreadable !== '/proc/self/mem') writeFileSync(unreadable, 'x', { mode: 0 });
      const { code, stdout, stderr } = await voiceflow(['diarize', unreadable]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^voiceflow: \S+: cannot be read: (permission denied|the device reports .* error)\. .*\n$/,
      );
    },
  );

  it.skipIf(process.platform === 'win32')(
    'in a folder do not stop the others: a link that leads nowhere (Unix only: links)',
    async () => {
      mkdirSync(at('linked'));
      copyFileSync(CONVERSATION, at('linked/b.wav'));
      symlinkSync(at('missing.wav'), at('linked/a.wav'));
      const { code, stdout, stderr } = await voiceflow(['diarize', at('linked'), '-f', 'rttm']);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^SPEAKER b 1 /);
      expect(stderr).toMatch(/^voiceflow: \S+a\.wav: is a link to a file that does not exist\. [^\n]+\n$/);
    },
  );

  it.each([
    `diarize ${CONVERSATION}`,
    `words ${WORDS} ${CONVERSATION}`,
    `embed ${CONVERSATION}`,
    `enroll Ada ${CONVERSATION} --book long.json`,
    `identify ${CONVERSATION} --book empty.json`,
  ])('that are too long are refused with a hint: %s', async (line) => {
    writeFileSync(at('empty.json'), JSON.stringify(new VoiceBook('fast-cnn/2')));
    const { code, stdout, stderr } = await voiceflow([...line.split(' '), '--max-hours', '0.01'], { cwd: root });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^voiceflow: \S+: the audio is \d+ s long; the limit is 36 s \[audio-too-long\]\. Split the recording, or raise --max-hours\.\n$/,
    );
  });

  it('do not stop the processing of others, and are reported one by one', async () => {
    const { code, stdout, stderr } = await voiceflow([
      'diarize',
      at('page.wav'),
      CONVERSATION,
      at('missing.wav'),
      '-f',
      'rttm',
      '--jobs',
      '2',
    ]);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n').length).toBeGreaterThan(20);
    expect(stdout).toMatch(/^(SPEAKER conversation 1 [\d.]+ [\d.]+ <NA> <NA> SPEAKER_0\d [\d.]+ <NA>\n)+$/);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });

  it('are reported by name by the other commands', async () => {
    for (const args of [
      ['embed', at('page.wav')],
      ['embed', at('notes')],
      ['enroll', 'Ada', at('page.wav'), '--book', at('new.json')],
      ['identify', at('missing.wav'), '--book', at('text.txt')],
      ['score', at('text.txt'), at('text.txt')],
    ]) {
      const { code, stdout, stderr } = await voiceflow(args);
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^voiceflow: \S+\/(page\.wav|text\.txt|notes): [^\n]+\n$/);
    }
    expect(readdirSync(root)).not.toContain('new.json');
  });
});

describe('models', () => {
  it('with a wrong hash are rejected', async () => {
    const { code, stdout, stderr } = await voiceflow(['diarize', CONVERSATION, '--model', at('model')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^voiceflow: fast-cnn\.onnx has SHA-256 [0-9a-f]{64}, expected .* as in the manifest.*\[model-corrupt\].*\n$/,
    );
  });

  it('that are missing are reported with a hint', async () => {
    const env = { VOICEFLOW_MODELS: at('no-models') };
    for (const name of ['accurate', 'pyannote']) {
      const { code, stdout, stderr } = await voiceflow(['diarize', CONVERSATION, '--model', name], { env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(new RegExp(`\\[model-not-found\\].*voiceflow models pull ${name}`));
    }
    const unknown = await voiceflow(['diarize', CONVERSATION, '--model', 'fast-cmm']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/Did you mean fast-cnn\?/) });
    const folder = await voiceflow(['diarize', CONVERSATION, '--model', at('notes')]);
    expect(folder).toMatchObject({ code: 1, stderr: expect.stringMatching(/manifest\.json.*\[model-not-found\]/) });
  });

  it('of an unsupported version are reported with a hint', async () => {
    const place = at('old-models/light/2.0.0');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'manifest.json'), '{"id":"light","version":"2.0.0","pipeline":"recordings","files":{}}');
    const env = { VOICEFLOW_MODELS: at('old-models') };
    const { code, stdout, stderr } = await voiceflow(['diarize', CONVERSATION, '--model', 'light'], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /light 2\.0\.0 is installed .* supports light 4\.x \[model-incompatible\].*models pull light/,
    );
  });

  it('that are damaged are found by verify', async () => {
    const env = { VOICEFLOW_HOME: at('home') };
    const place = at('home/models/pyannote/4.0.0');
    mkdirSync(place, { recursive: true });
    expect(await voiceflow(['models', 'verify', 'fast-cnn'], { env })).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(join(place, 'segmentation-3.0.onnx'), 'not these');
    const { code, stderr } = await voiceflow(['models', 'verify'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /segmentation-3\.0\.onnx does not match the manifest.*9 bytes, expected 5992913 \[model-corrupt\]/,
    );
    expect(stderr).toMatch(/wespeaker-resnet34-lm\.onnx is not installed \[model-not-found\]/);
    const list = await voiceflow(['models', 'list'], { env });
    expect(list.stdout).toMatch(/^pyannote +4\.0\.0 +damaged/m);
    const pull = await voiceflow(['models', 'pull', 'pyannote', '--from', place], { env });
    expect(pull).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[model-corrupt]') });
  });
});

describe('invalid arguments', () => {
  it.each([
    ['', /Usage/],
    ['diarise x.wav', /no command "diarise"\. Did you mean voiceflow diarize\?/],
    ['calls/meeting.wav', /no command "calls\/meeting\.wav"\. Did you mean voiceflow diarize calls\/meeting\.wav\?/],
    ['diarize', /diarize needs a FILE/],
    ['diarize x.wav --speakers 0', /--speakers is "0", expected a whole number from 1 to 100/],
    ['diarize x.wav --speaker 2', /unknown option --speaker\. Did you mean --speakers\?/],
    ['diarize x.wav --speakers 2 --min 1', /--speakers is exact/],
    ['diarize x.wav --min 3 --max 2', /--min is 3, expected at most --max \(2\)/],
    ['diarize x.wav y.wav -f srt', /srt cannot hold several recordings/],
    ['diarize a/x.wav b/x.wav --out o', /a\/x\.wav and b\/x\.wav would both be written/],
    [
      'diarize a.wav --timeline t.png',
      /--timeline is "t\.png", but the image is an SVG\. Give a name that ends with \.svg/,
    ],
    ['diarize a.wav b.wav --timeline t.svg', /one image, but there are several/],
    ['embed x.wav --from 5 --to 5', /--to is 5, expected more than --from \(5\)/],
    ['enroll Ada x.wav', /--book FILE\.json is missing/],
    ['score x.rttm', /score needs 2 files/],
    ['jobs submit a/x.wav --min 5 --max 2', /--min is 5, expected at most --max \(2\)/],
    ['jobs submit a/x.wav --speakers 2 --max 3', /--speakers is exact/],
    ['batch a --out o --min 5 --max 2', /--min is 5, expected at most --max \(2\)/],
    ['jobs submit a/x.wav --priority -101', /--priority is "-101", expected a whole number from -100 to 100/],
    ['models', /list, pull, verify, path/],
    ['models pull nothing', /there is no model "nothing"/],
    ['models verify standard', /standard consists of fast-cnn and segmenter/],
    ['models list accurate', /models list takes no NAME, received "accurate"/],
    ['diarize a/x.wav --backend wasm --device cuda', /--device is for the native backend, but --backend is wasm/],
    ['batch a/x.wav b/x.wav --out o', /a\/x\.wav and b\/x\.wav would both be written to o\/x\.json/],
    ['batch x.wav --out -', /batch writes files/],
    ['jobs constructor', /jobs has no action "constructor", expected one of submit, status, wait, cancel/],
    ['voices constructor --book b.json', /voices has no action "constructor", expected one of list, remove, rename/],
  ])('voiceflow %s', async (line, message) => {
    const { code, stdout, stderr } = await voiceflow(line === '' ? [] : line.split(' '), { cwd: root });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    if (line !== '') expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

it('jobs wait fails at once if the server cannot be reached', async () => {
  const { code, stderr } = await voiceflow(['jobs', 'wait', '0', '--server', 'http://127.0.0.1:9']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('cannot connect to http://127.0.0.1:9'),
  });
});

describe('unwritable output', () => {
  it.skipIf(process.platform !== 'linux')('reports a full disk (needs /dev/full, Linux only)', async () => {
    const stdout = await shell(`voiceflow diarize "${CONVERSATION}" > /dev/full`);
    expect(stdout).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^voiceflow: cannot write .*no space left.*\n$/),
    });
    const image = await voiceflow(['diarize', CONVERSATION, '--timeline', '/dev/full', '-f', 'rttm']);
    expect(image).toMatchObject({ code: 1, stderr: expect.stringMatching(/^voiceflow: .*no space left.*\n$/) });
  });

  it.skipIf(process.platform === 'win32')(
    'leaves no partial file if the file size limit is exceeded (needs ulimit, Unix only)',
    async () => {
      const folder = at('small');
      const { code, stderr } = await shell(`ulimit -f 0; voiceflow diarize "${CONVERSATION}" --out "${folder}"`);
      expect(code).toBe(1);
      expect(stderr).toMatch(/cannot write .*conversation\.txt: the file would be larger than the system allows/);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('ends without an error when the reader of its output closes the pipe', async () => {
    const line = `voiceflow diarize "${CONVERSATION}" "${CONVERSATION}" - < "${CONVERSATION}" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    expect(await shell(line)).toMatchObject({ code: 0, stdout: `# ${CONVERSATION}\n0\n`, stderr: '' });
  });
});
