import { closeSync, existsSync, openSync, readSync, unlinkSync, writevSync } from 'node:fs';
import process from 'node:process';

/** Largest body that can be passed through shared memory: enough for any window and a minute of compressed speech. */
export const SLOT_BYTES = 1024 * 1024;
/** A folder whose files exist in memory only. */
const FOLDER = '/dev/shm';
/** The descriptor of the file in the worker, after its three standard streams. */
export const SHARED_FD = 3;
/** Most slots; behind them is the position where the worker records the task of its current run. */
const MAX_SLOTS = 64;
export const MARK_AT = MAX_SLOTS * SLOT_BYTES;

/**
 * Memory shared by the server and one worker: an unnamed file in tmpfs. Writing a window here costs one copy and one
 * system call. The pipe holds less than a window, so it costs three times as much, and a wait.
 */
export class SharedSlots {
  readonly fd: number;
  #free: number[];

  private constructor(fd: number, slots: number) {
    this.fd = fd;
    this.#free = Array.from({ length: Math.min(slots, MAX_SLOTS) }, (_, slot) => slot);
  }

  /** Undefined when there is no such memory, or no way to pass it to a worker; then all bodies use the pipe. */
  static create(slots: number): SharedSlots | undefined {
    if ('Bun' in globalThis || 'Deno' in globalThis || !existsSync(FOLDER)) return undefined;
    const path = `${FOLDER}/voiceflow-${process.pid}-${crypto.randomUUID()}`;
    try {
      const fd = openSync(path, 'wx+', 0o600);
      // No other process can open it, and it is freed when both processes have ended.
      unlinkSync(path);
      return new SharedSlots(fd, slots);
    } catch {
      return undefined;
    }
  }

  /** Writes a body and returns its slot; undefined when it does not fit or all slots are in use. */
  write(body: readonly Uint8Array[], bytes: number): number | undefined {
    if (bytes === 0 || bytes > SLOT_BYTES) return undefined;
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    try {
      if (writevSync(this.fd, body, slot * SLOT_BYTES) === bytes) return slot;
    } catch {
      // No memory is left; the body goes through the pipe.
    }
    this.#free.push(slot);
    return undefined;
  }

  release(slot: number | undefined): void {
    if (slot !== undefined) this.#free.push(slot);
  }

  close(): void {
    this.#free = [];
    closeSync(this.fd);
  }
}

/** The worker's side. Reads the body in a slot into a buffer that is reused for the slot's next body. */
export class SlotReader {
  readonly #buffers: ArrayBuffer[] = [];

  read(slot: number, bytes: number): Uint8Array<ArrayBuffer> {
    let buffer = this.#buffers[slot];
    // A backend with threads detaches buffers; then the next body gets a new one.
    if (buffer === undefined || buffer.byteLength === 0) {
      buffer = new ArrayBuffer(SLOT_BYTES);
      this.#buffers[slot] = buffer;
    }
    const body = new Uint8Array(buffer, 0, bytes);
    for (let at = 0; at < bytes; ) {
      const count = readSync(SHARED_FD, body, at, bytes - at, slot * SLOT_BYTES + at);
      if (count === 0) throw new Error(`the shared memory ends after ${at} of ${bytes} bytes`);
      at += count;
    }
    return body;
  }
}
