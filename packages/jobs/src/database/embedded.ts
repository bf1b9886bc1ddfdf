import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Channel, type Database, databaseError, unavailable } from './database.ts';
import { lockFolder } from './folder-lock.ts';
import type { FromThread, ToThread } from './pglite-messages.ts';

/** Most statements that wait for the single connection; beyond this the database counts as unavailable. */
const MOST_WAITING = 2_000;
/** Delay before restarting a failed database. */
const RESTART_MS = 500;
/**
 * Timeout of a start. The first one creates the database, which takes five seconds of CPU and far longer on a busy
 * machine.
 */
const OPEN_MS = 900_000;

interface Waiting {
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

/**
 * Opens PGlite (PostgreSQL in WebAssembly) in a thread, stored in `folder/postgres`, for one process at a time.
 * @throws `invalid-option` when another process has the folder, `backend-unavailable` when it cannot be opened.
 */
export async function openEmbedded(folder: string): Promise<Database> {
  const release = await lockFolder(folder);
  try {
    const database = new Embedded(folder, release);
    await database.opened();
    return database;
  } catch (error) {
    release();
    throw error;
  }
}

class Embedded implements Database {
  readonly kind = 'embedded';
  readonly #folder: string;
  readonly #release: () => void;
  readonly #listeners = new Map<Channel, Set<(payload: string) => void>>();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #thread: Worker | undefined;
  #opening: Promise<void>;
  #why = 'the database is starting';
  #closed: (() => void) | undefined;
  #closing = false;

  constructor(folder: string, release: () => void) {
    this.#folder = folder;
    this.#release = release;
    this.#opening = this.#start();
    this.#opening.catch(() => {});
  }

  opened(): Promise<void> {
    return this.#opening;
  }

  async query<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    const thread = this.#thread;
    if (thread === undefined || this.#closing) throw unavailable(this.#why);
    if (this.#waiting.size >= MOST_WAITING) throw unavailable(`${MOST_WAITING} statements are waiting`);
    const id = this.#nextId++;
    return new Promise<unknown[]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ type: 'query', id, sql, params } satisfies ToThread);
    }) as Promise<Row[]>;
  }

  listen(channel: Channel, callback: (payload: string) => void): void {
    const callbacks = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, callbacks.add(callback));
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#why = 'the database is closed';
    const thread = this.#thread;
    if (thread !== undefined) {
      const ended = new Promise<void>((resolve) => {
        this.#closed = resolve;
        thread.once('exit', () => resolve());
      });
      thread.postMessage({ type: 'close' } satisfies ToThread);
      await ended;
      await thread.terminate();
    }
    this.#release();
  }

  #start(): Promise<void> {
    const file = fileURLToPath(new URL('./pglite-thread.js', import.meta.url));
    const thread = new Worker(file, { workerData: { folder: this.#folder } });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void thread.terminate(), OPEN_MS);
      let open = false;
      const onEnd = (why: string) => {
        clearTimeout(timer);
        this.#why = why;
        if (this.#thread === thread) this.#thread = undefined;
        for (const { reject: fail } of this.#waiting.values()) fail(unavailable(why));
        this.#waiting.clear();
        reject(unavailable(why));
        if (!open || this.#closing) return;
        open = false;
        this.#restart();
      };
      thread.on('message', (message: FromThread) => {
        if (message.type === 'open') {
          clearTimeout(timer);
          open = true;
          this.#thread = thread;
          resolve();
        } else if (message.type === 'failed') onEnd(message.message);
        else this.#take(message);
      });
      thread.on('error', (error) => onEnd(error.message));
      // It is unknown which statement this response belongs to: all waiting ones fail, and the thread is restarted.
      thread.on('messageerror', () => void thread.terminate());
      thread.on('exit', (code) => onEnd(`the thread of the database ended with exit code ${code}`));
    });
  }

  #restart(): void {
    setTimeout(() => {
      if (this.#closing) return;
      this.#opening = this.#start();
      this.#opening.catch(() => this.#restart());
    }, RESTART_MS).unref();
  }

  #take(message: FromThread): void {
    if (message.type === 'closed') this.#closed?.();
    else if (message.type === 'notify') {
      for (const callback of this.#listeners.get(message.channel) ?? []) callback(message.payload);
    } else if (message.type === 'rows' || message.type === 'error') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === 'rows') waiting?.resolve(message.rows);
      else waiting?.reject(databaseError(message));
    }
  }
}
