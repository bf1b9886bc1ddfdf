/** What Ctrl-C leaves of the built command: exit code 130, no message, completed files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended } from '../processes.ts';
import { CONVERSATION, makePipe, scratchFolder, shellCode, start, TRUTH, WORDS, whenRead } from './command.ts';

const root = scratchFolder();
const at = (name: string) => join(root, name);

describe('Ctrl-C', () => {
  const recording = readFileSync(CONVERSATION);
  /** As programs write it that do not know how long it will be: a header without lengths. */
  const endless = Buffer.from(recording);
  endless.writeUInt32LE(0xffffffff, 4);
  endless.writeUInt32LE(0xffffffff, 40);

  /** Feeds the command without end, so that its worker is in a run at any moment. */
  async function interruptBusy(backend: string) {
    const child = start(['diarize', '-', '--out', at('half'), '--timeline', at('half/x.svg'), '--backend', backend]);
    const end = ended(child);
    const write = (bytes: Uint8Array) =>
      new Promise<void>((resolve) => {
        if (child.stdin?.write(bytes)) resolve();
        else child.stdin?.once('drain', resolve);
      });
    const seconds = (from: number, to: number) => endless.subarray(44 + 32_000 * from, 44 + 32_000 * to);
    await write(endless.subarray(0, 44));
    // More than the pipe holds: once it is taken, the command is at work.
    await write(seconds(0, 12));
    const feeding = (async () => {
      while (child.exitCode === null && child.signalCode === null && child.stdin?.writable) {
        await Promise.race([write(seconds(12, 20)), end]);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGINT');
    const result = await end;
    await feeding;
    return result;
  }

  it.each(['node', 'wasm'])('during processing exits with 130 and leaves no files (%s backend)', async (backend) => {
    const result = await interruptBusy(backend);
    expect(shellCode(result)).toBe(130);
    expect(result).toMatchObject({ stdout: '', stderr: '' });
    expect(readdirSync(root)).not.toContain('half');
  });

  it
    .skipIf(process.platform === 'win32')
    .each([
      ['diarize PIPE --out piped'],
      [`diarize ${CONVERSATION} --book PIPE --out piped`],
      [`score ${TRUTH} PIPE`],
      [`words PIPE ${TRUTH}`],
      [`words ${WORDS} PIPE`],
      [`enroll Ada ${CONVERSATION} --book PIPE`],
      [`identify ${CONVERSATION} --book PIPE`],
    ])('ends %s, which waits for the pipe (Unix only)', async (line) => {
    const folder = mkdtempSync(join(root, 'pipe-'));
    makePipe(join(folder, 'PIPE'));
    const child = start(line.split(' '), { cwd: folder });
    const end = ended(child);
    const close = await whenRead(join(folder, 'PIPE'));
    child.kill('SIGINT');
    const result = await end;
    close();
    expect(shellCode(result)).toBe(130);
    expect(result.stdout + result.stderr).toBe('');
    expect(readdirSync(folder)).toEqual(['PIPE']);
  });

  it('keeps completed recordings', async () => {
    const folder = at('done');
    const child = start(['diarize', CONVERSATION, '-', '--out', folder, '-f', 'rttm']);
    const end = ended(child);
    child.stdin?.write(recording);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (spawnSync('ls', [folder], { encoding: 'utf8' }).stdout.includes('conversation.rttm')) break;
      expect(child.exitCode).toBeNull();
    }
    child.kill('SIGINT');
    const result = await end;
    expect(shellCode(result)).toBe(130);
    expect(result.stderr).toBe('');
    expect(readdirSync(folder)).toEqual(['conversation.rttm']);
  });
});
