import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, constants as modes, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { type Ended, ended } from '../processes.ts';

const repository = new URL('../../', import.meta.url);
export const VOICEFLOW = fileURLToPath(new URL('packages/cli/bin/voiceflow.js', repository));
export const CONVERSATION = fileURLToPath(new URL('examples/audio/conversation.wav', repository));
export const TRUTH = fileURLToPath(new URL('examples/audio/conversation.rttm', repository));
export const WORDS = fileURLToPath(new URL('examples/audio/conversation.words.json', repository));

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
}

/** Without the colors and folders of whoever runs the tests. */
function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, VOICEFLOW_HOME, ...rest } = process.env;
  return { ...rest, LC_ALL: 'C.UTF-8', ...env };
}

/** The built command as a process, stdin left open. */
export function start(args: readonly string[], { cwd, env }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [VOICEFLOW, ...args], { cwd, env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs the built command to its end. */
export function voiceflow(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options);
  const end = ended(child);
  child.stdin?.end(options.input);
  return end;
}

/** Runs a line of bash in which `voiceflow` is the built command. */
export function shell(line: string, options: RunOptions = {}): Promise<Ended> {
  const define = `voiceflow() { "${process.execPath}" "${VOICEFLOW}" "$@"; }; ${line}`;
  const child = spawn('bash', ['-c', define], { cwd: options.cwd, env: environment(options.env) });
  return ended(child);
}

/** The exit code as a shell tells it: 128 and the signal's number where a signal ended the process. */
export function shellCode({ code, signal }: Ended): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** A folder that goes with the tests of this file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a part of the conversation to a file; 16 kHz, 16 bits, 44 bytes of header. */
export function excerpt(path: string, start: number, end: number): string {
  const bytes = readFileSync(CONVERSATION);
  const samples = Float32Array.from(
    { length: (end - start) * 16_000 },
    (_, i) => bytes.readInt16LE(44 + 2 * (start * 16_000 + i)) / 32_768,
  );
  writeFileSync(path, encodeWav(samples, 16_000));
  return path;
}

/** Makes a pipe with a name. Unix only. */
export function makePipe(path: string): string {
  spawnSync('mkfifo', [path]);
  return path;
}

/** Waits until a process reads the pipe. @returns Closes the writing end, which has written nothing. */
export async function whenRead(pipe: string): Promise<() => void> {
  for (;;) {
    try {
      const writer = openSync(pipe, modes.O_WRONLY | modes.O_NONBLOCK);
      return () => closeSync(writer);
    } catch (error) {
      // Nobody has opened it for reading yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
