/** What programs that tests start print, and how they end. */
import type { ChildProcess } from 'node:child_process';

export interface Ended {
  /** Null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the process has ended and all of its output is read. */
export function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  // A program may end before it has read what it is given.
  child.stdin?.on('error', () => {});
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

/**
 * Waits until the output has the pattern; returns its first group. Reads the output to its end.
 * @throws Error with the output when the process ends before.
 */
export function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-4_000);
        const found = pattern.exec(log);
        if (found) resolve(found[1] ?? found[0]);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${log}`)));
  });
}
