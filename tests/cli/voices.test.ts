/** Enrolled voices and embeddings, from the built command. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRttm, VoiceBook } from 'voiceflow-ml/core';
import { CONVERSATION, excerpt, scratchFolder, TRUTH, voiceflow } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);

describe('voice book', () => {
  const book = () => at('voices.json');
  const alone = { sally: [0.7, 6], ross: [14.1, 18.2], angus: [52.3, 55.2] } as const;

  it('enrolls voices, recognizes them in the conversation, and names its turns', async () => {
    for (const [name, [start, end]] of Object.entries(alone)) {
      const { code, stdout, stderr } = await voiceflow([
        'enroll',
        name,
        excerpt(at(`${name}.wav`), start, end),
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
    const several = await voiceflow(['enroll', 'sally', excerpt(at('several.wav'), 0.7, 18.2), '--book', own]);
    expect(several).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/\d\d % of the speech is of other voices; only the main voice is enrolled/),
    });
    const short = await voiceflow(['enroll', 'ross', excerpt(at('short.wav'), 15, 15.4), '--book', own]);
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
    expect(await vector(excerpt(at('start.wav'), 0, 6), '--from', '0.7')).toEqual(
      await vector(at('start.wav'), '--from', '0.7', '--to', '6'),
    );
    expect(dot(sally, again)).toBeGreaterThan(dot(sally, ross) + 0.2);
  });
});
