import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MARK_AT, SHARED_FD, type SharedSlots } from './shared-slots.ts';

/**
 * @module Finds the task that a worker was computing when it died. A worker has several tasks at once, and a native
 * crash leaves no message. So the worker records the task of each run before it starts, in the shared memory or in a
 * file, and the server reads the record when the worker has ended.
 */

const ids = new WeakMap<AbortSignal, number>();
const record = new Uint32Array(1);
/** The environment variable with the path of the worker's file. */
const RECORD_ENV = 'VOICEFLOW_RUN_NOTE';

/** Associates a signal with the task whose runs use it. */
export function setTask(signal: AbortSignal, id: number): void {
  ids.set(signal, id);
}

/**
 * Records the task of a run that is about to start; 0 when there is no task, such as for live audio. Has no effect
 * outside a worker.
 */
export function recordRun(signal: AbortSignal | undefined): void {
  record[0] = (signal && ids.get(signal)) ?? 0;
  place ??= recordPlace();
  try {
    writeSync(place.fd, record, 0, 4, place.at);
  } catch {
    // Without a place to write, no task is blamed.
  }
}

let place: { readonly fd: number; readonly at: number } | undefined;

function recordPlace(): { readonly fd: number; readonly at: number } {
  const path = process.env[RECORD_ENV];
  if (path === undefined) return { fd: SHARED_FD, at: MARK_AT };
  try {
    return { fd: openSync(path, 'r+'), at: 0 };
  } catch {
    return { fd: -1, at: 0 };
  }
}

/** The server's view of the record of one worker. */
export class RunRecord {
  readonly #fd: number;
  readonly #at: number;
  /** A file of four bytes, for a worker without shared memory (Bun, Deno, a system without tmpfs). */
  readonly #path: string | undefined;

  private constructor(fd: number, at: number, path?: string) {
    this.#fd = fd;
    this.#at = at;
    this.#path = path;
  }

  /** Undefined when there is no shared memory and no file can be created; then no task is blamed. */
  static open(shared: SharedSlots | undefined): RunRecord | undefined {
    if (shared !== undefined) return new RunRecord(shared.fd, MARK_AT);
    const path = join(tmpdir(), `voiceflow-run-${process.pid}-${crypto.randomUUID()}`);
    try {
      return new RunRecord(openSync(path, 'wx+', 0o600), 0, path);
    } catch {
      return undefined;
    }
  }

  /** The variable to add to the worker's environment. */
  get env(): Readonly<Record<string, string>> {
    return this.#path === undefined ? {} : { [RECORD_ENV]: this.#path };
  }

  /** The task of the worker's last run; undefined when none was recorded. */
  lastRun(): number | undefined {
    const read = new Uint32Array(1);
    try {
      return readSync(this.#fd, read, 0, 4, this.#at) === 4 && read[0] !== 0 ? read[0] : undefined;
    } catch {
      return undefined;
    }
  }

  /** Deletes the file, if the record has one. */
  close(): void {
    if (this.#path === undefined) return;
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }
}
