import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { abortError, VoiceFlowError } from 'voiceflow-ml/core';

const TIMEOUT_MS = 240_000;
const KEPT_ERRORS = 2000;

/** The built script of the measurements, which every runtime can run. */
export const BENCH_SCRIPT = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Printed by a part at the end of its output (ASCII "end of transmission"). */
export const END_OF_PART = '\u0004';

interface PartOptions {
  /** The runtime and its arguments before the script; default: the current runtime. */
  readonly command?: string;
  readonly before?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Timeout in milliseconds. */
  readonly timeoutMs?: number;
  /** Replaces the built script of the measurements, for tests. */
  readonly script?: string;
}

/**
 * Runs a part of the measurements in its own process and resolves with its output as soon as that is complete. The
 * process is then killed, because the shutdown of a runtime is not part of the measurement.
 * @throws `backend-failed` with the end of its output when it ends early or times out; `aborted`.
 */
export function runPart(args: readonly string[], options: PartOptions = {}): Promise<string> {
  const { command = process.execPath, before = [], signal, timeoutMs = TIMEOUT_MS, script = BENCH_SCRIPT } = options;
  const late = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...before, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      killSignal: 'SIGKILL',
    });
    let printed = '';
    let errors = '';
    const fail = (how: string, cause?: unknown) => {
      const message = `\`bench ${args.join(' ')}\` on ${command} ${how}${errors && `: ${errors.trim()}`}`;
      reject(new VoiceFlowError('backend-failed', message, { cause }));
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (!text.includes(END_OF_PART)) return;
      child.kill('SIGKILL');
      resolve(printed.slice(0, printed.lastIndexOf(END_OF_PART)));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-KEPT_ERRORS);
    });
    child.on('error', (error) => {
      if (signal?.aborted) reject(abortError(signal));
      else if (late.aborted) fail(`was given up after ${timeoutMs / 1000} s`);
      else fail('did not start', error);
    });
    child.on('close', (code, by) => fail(`ended with ${code ?? by} before it was done`));
  });
}
