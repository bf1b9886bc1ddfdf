/** `voiceflow words`, from the built command: words of a recogniser, turns of a file or of a recording. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSrt, parseVtt } from 'voiceflow-ml/core';
import { CONVERSATION, scratchFolder, TRUTH, voiceflow, WORDS } from './command.ts';

const root = scratchFolder();
const words = JSON.parse(readFileSync(WORDS, 'utf8')) as {
  text: string;
  start: number;
  end: number;
  speaker: string;
}[];

function file(name: string, text: string): string {
  writeFileSync(join(root, name), text);
  return join(root, name);
}

describe('voiceflow words', () => {
  it('assigns speakers to words from words and turns', async () => {
    const { code, stdout, stderr } = await voiceflow(['words', WORDS, TRUTH]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^0:00:00\.610 {2}slt: Okay, everyone, listen\. The meteor shower /);
    for (const line of lines) expect(line).toMatch(/^\d:\d\d:\d\d\.\d{3} {2}(slt|rms|awb|kal16): \S/);
  });

  it('diarizes a recording first, and snaps changes to sentences', { timeout: 120_000 }, async () => {
    const said = await voiceflow(['words', WORDS, CONVERSATION, '--format', 'json', '--snap', 'sentence']);
    expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: '' });
    const { format, timing, utterances } = JSON.parse(said.stdout) as {
      format: string;
      timing: string;
      utterances: { speaker: string; text: string; words: { text: string; start: number }[] }[];
    };
    expect({ format, timing }).toEqual({ format: 'words', timing: 'words' });
    const found = utterances.flatMap(({ speaker, words: own }) => own.map(() => speaker));
    expect(found).toHaveLength(words.length);
    // The label that goes with a voice most often is its own.
    const counts = new Map<string, number>();
    found.forEach((label, i) => {
      const pair = `${label} ${words[i]?.speaker}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    });
    const right = ['slt', 'rms', 'awb', 'kal16'].reduce((sum, voice) => {
      return sum + Math.max(...[...counts].map(([pair, n]) => (pair.endsWith(` ${voice}`) ? n : 0)));
    }, 0);
    expect(right / words.length).toBeGreaterThan(0.9);
  });

  it('writes subtitles of limited length to a file', async () => {
    const out = join(root, 'subtitles/call.srt');
    const { code, stdout } = await voiceflow(['words', WORDS, TRUTH, '-f', 'srt', '--out', out]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const cues = parseSrt(readFileSync(out, 'utf8'));
    expect(cues.length).toBeGreaterThan(20);
    expect(cues.every(({ start, end }) => end - start <= 7)).toBe(true);
    const vtt = await voiceflow(['words', out, TRUTH, '-f', 'vtt', '--max-seconds', '3']);
    expect(vtt.stderr).toContain('the words have only the timestamps of their segments');
    expect(
      parseVtt(vtt.stdout)
        .map(({ text }) => text)
        .join(' '),
    ).toContain('Okay, everyone, listen.');
  });

  it('joins words without blanks in languages without blanks', async () => {
    const chinese = file('zh.json', JSON.stringify([...'你好世界'].map((text, i) => ({ text, start: i, end: i + 1 }))));
    const turns = file('zh.turns.json', JSON.stringify([{ start: 0, end: 4, speaker: 'SPEAKER_00' }]));
    const { stdout } = await voiceflow(['words', chinese, turns]);
    expect(stdout).toBe('0:00:00.000  SPEAKER_00: 你好世界\n');
  });

  it('warns about words that do not match the recording, or have no times', async () => {
    const late = file(
      'late.json',
      JSON.stringify(words.map((word) => ({ ...word, start: word.start + 500, end: word.end + 500 }))),
    );
    const { stderr } = await voiceflow(['words', late, TRUTH]);
    expect(stderr).toContain(`${words.length} of ${words.length} words are outside all turns`);
    const plain = file('plain.json', JSON.stringify(words.map(({ text }) => ({ text }))));
    expect((await voiceflow(['words', plain, TRUTH])).stderr).toContain('no word has timestamps');
  });

  it('takes an empty RTTM file as no turns, and an empty recording as an error', async () => {
    const { code, stdout, stderr } = await voiceflow(['words', WORDS, file('silence.rttm', '')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0:00:00\.610 {2}UNKNOWN: Okay, everyone,/);
    expect(stderr).toContain(`${words.length} of ${words.length} words are outside all turns`);
    const audio = await voiceflow(['words', WORDS, file('silence.wav', '')]);
    expect(audio).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('the audio is empty') });
  });

  it.each([
    ['--speakers', '2'],
    ['--book', 'voices.json'],
    ['--false-names', '5'],
    ['--max-hours', '5'],
    ['--model', 'light'],
    ['--backend', 'wasm'],
  ])('refuses %s with turns', async (option, value) => {
    const { code, stdout, stderr } = await voiceflow(['words', WORDS, TRUTH, option, value]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^voiceflow: ${option} needs a RECORDING, but \\S+ contains turns\\. [^\n]+\n$`));
  });

  it('rejects unreadable input, with a hint', async () => {
    const text = file('notes.txt', 'We met on Monday.');
    const two = file('two.rttm', 'SPEAKER a 1 0 1 <NA> <NA> A <NA> <NA>\nSPEAKER b 1 0 1 <NA> <NA> A <NA> <NA>\n');
    for (const [args, code, message] of [
      [
        [text, TRUTH],
        1,
        'the format of the words is unknown: it is neither JSON, nor SRT, nor WebVTT [invalid-option]. Supported: JSON of whisper.cpp,',
      ],
      [[WORDS, two], 1, 'the file has turns of 2 recordings (a, b'],
      [[WORDS, join(root, 'none.wav')], 1, 'no such file'],
      [[WORDS], 2, 'words needs 2 files'],
    ] as const) {
      const ended = await voiceflow(['words', ...args]);
      expect(ended.code).toBe(code);
      expect(ended.stderr).toContain(message);
    }
  });
});
