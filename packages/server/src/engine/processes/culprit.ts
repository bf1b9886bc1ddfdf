import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MARK_AT, SHARED_FD } from './shared-slots.ts';

/**
 * @module Which task a worker was computing when it died. A worker has several tasks at once, and a native crash leaves no
 * word: so it notes whose run it begins, in the shared memory or in a file, and the server reads that when the worker
 * has ended.
 */

const ids = new WeakMap<AbortSignal, number>();
const note = new Uint32Array(1);
/** Where the worker finds its file, in its environment. */
const NOTE_ENV = 'VOICEFLOW_RUN_NOTE';

/** The task that a run with this signal belongs to. */
export function nameTask(signal: AbortSignal, id: number): void {
  ids.set(signal, id);
}

/** Notes that a run begins; 0 for what is no task, such as live audio. Does nothing in what is no worker. */
export function noteRun(signal: AbortSignal | undefined): void {
  note[0] = (signal && ids.get(signal)) ?? 0;
  place ??= noteFile();
  try {
    writeSync(place.fd, note, 0, 4, place.at);
  } catch {
    // Nowhere to write it: then nobody is blamed.
  }
}

let place: { readonly fd: number; readonly at: number } | undefined;

function noteFile(): { readonly fd: number; readonly at: number } {
  const path = process.env[NOTE_ENV];
  if (path === undefined) return { fd: SHARED_FD, at: MARK_AT };
  try {
    return { fd: openSync(path, 'r+'), at: 0 };
  } catch {
    return { fd: -1, at: 0 };
  }
}

/** A file of four bytes for one worker, where it cannot be handed shared memory (Bun, Deno, a system without tmpfs). */
export class RunNote {
  readonly #path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /** Undefined where no file can be made: then nobody is blamed. */
  static create(): RunNote | undefined {
    const path = join(tmpdir(), `voiceflow-run-${process.pid}-${crypto.randomUUID()}`);
    try {
      return new RunNote(path, openSync(path, 'wx+', 0o600));
    } catch {
      return undefined;
    }
  }

  /** For the worker's environment. */
  get env(): Readonly<Record<string, string>> {
    return { [NOTE_ENV]: this.#path };
  }

  /** The task whose run the worker began last; undefined where it noted none. */
  lastRun(): number | undefined {
    const read = new Uint32Array(1);
    try {
      return readSync(this.#fd, read, 0, 4, 0) === 4 && read[0] !== 0 ? read[0] : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }
}
