import { closeSync, existsSync, openSync, readSync, unlinkSync, writevSync } from 'node:fs';
import process from 'node:process';

/** A body up to this size can go through shared memory: any window, and a minute of compressed speech. */
export const SLOT_BYTES = 1024 * 1024;
/** Where files are memory and nothing else. */
const FOLDER = '/dev/shm';
/** The file in the worker, after its three standard streams. */
export const SHARED_FD = 3;
/** Slots at most, and behind them where the worker notes whose run it begins. */
const MAX_SLOTS = 64;
export const MARK_AT = MAX_SLOTS * SLOT_BYTES;

/**
 * Memory that the server and one worker both see: an unnamed file of tmpfs. A window written here costs one copy and
 * one system call, where the pipe, which holds less than a window, costs three times that and a wait between.
 */
export class SharedSlots {
  readonly fd: number;
  #free: number[];

  private constructor(fd: number, slots: number) {
    this.fd = fd;
    this.#free = Array.from({ length: Math.min(slots, MAX_SLOTS) }, (_, slot) => slot);
  }

  /** Undefined where there is no such memory, or no way to hand it to a worker: then everything goes by the pipe. */
  static create(slots: number): SharedSlots | undefined {
    if ('Bun' in globalThis || 'Deno' in globalThis || !existsSync(FOLDER)) return undefined;
    const path = `${FOLDER}/voiceflow-${process.pid}-${crypto.randomUUID()}`;
    try {
      const fd = openSync(path, 'wx+', 0o600);
      // Nobody else can open it, and it is gone with the last of the two processes.
      unlinkSync(path);
      return new SharedSlots(fd, slots);
    } catch {
      return undefined;
    }
  }

  /** Writes a body and gives its slot; undefined when it does not fit or all slots are taken. */
  write(body: readonly Uint8Array[], bytes: number): number | undefined {
    if (bytes === 0 || bytes > SLOT_BYTES) return undefined;
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    try {
      if (writevSync(this.fd, body, slot * SLOT_BYTES) === bytes) return slot;
    } catch {
      // No memory left there: the pipe still works.
    }
    this.#free.push(slot);
    return undefined;
  }

  release(slot: number | undefined): void {
    if (slot !== undefined) this.#free.push(slot);
  }

  /** The task whose run the worker began last; undefined where it noted none. */
  lastRun(): number | undefined {
    const note = new Uint32Array(1);
    try {
      return readSync(this.fd, note, 0, 4, MARK_AT) === 4 && note[0] !== 0 ? note[0] : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#free = [];
    closeSync(this.fd);
  }
}

/** The worker's side: the body in a slot, in a buffer that is used again for the slot's next one. */
export class SlotReader {
  readonly #buffers: ArrayBuffer[] = [];

  read(slot: number, bytes: number): Uint8Array<ArrayBuffer> {
    let buffer = this.#buffers[slot];
    // A backend with threads takes buffers away: then the next body gets a new one.
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
