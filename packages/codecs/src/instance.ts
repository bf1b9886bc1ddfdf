import type { Input } from './input.ts';
import type { Pace } from './pace.ts';

/** The exports of `native/glue.c`, and those that Asyncify adds. */
interface Exports {
  _initialize(): void;
  vf_async(): number;
  vf_open(seekable: number): number;
  vf_next(): number;
  vf_format(): number;
  vf_codec(): number;
  vf_claimed(): number;
  vf_rate(): number;
  vf_channels(): number;
  vf_failures(): number;
  vf_samples(): number;
  asyncify_start_unwind(area: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(area: number): void;
  asyncify_stop_rewind(): void;
  asyncify_get_state(): number;
}

/** `AVERROR(EAGAIN)` with wasi-libc's error numbers: call again. */
export const AGAIN = -6;
/** `AVERROR(ENOMEM)` with wasi-libc's error numbers. */
export const NO_MEMORY = -48;

const PAGE = 1 << 16;
/**
 * Limits of memory in pages: at the start; at most, for an empty file and for any file; and per byte of the file, for
 * its indexes.
 */
const FIRST_PAGES = 80;
const LEAST_PAGES = 1024;
const MOST_PAGES = 8192;
const PAGES_PER_BYTE = 8 / PAGE;
/** Milliseconds of work without new samples after which decoding stops. */
const MAX_STALL = 20_000;
/** Characters of FFmpeg's messages, after which further ones are ignored. */
const MOST_LOGGED = 8000;
const SEEK_SIZE = 0x10000;
/** WASI's "function not supported". */
const ENOSYS = 52;

/** Decodes one file in its own WebAssembly instance, so that damage to its memory cannot affect other files. */
export class Instance {
  #exports!: Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #input: Input;
  readonly #pace: Pace;
  #area = 0;
  /** What FFmpeg logged first. */
  #logged = '';
  #pending: Promise<void> | undefined;
  #failure: unknown;
  #until = 0;

  private constructor(input: Input, pace: Pace) {
    this.#input = input;
    this.#pace = pace;
    const pages = input.size === undefined ? MOST_PAGES : LEAST_PAGES + Math.ceil(input.size * PAGES_PER_BYTE);
    this.#memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: Math.min(MOST_PAGES, pages) });
  }

  /** @param pace Decides when to yield during a call that reads much, such as `open`. */
  static async create(module: WebAssembly.Module, input: Input, pace: Pace): Promise<Instance> {
    const instance = new Instance(input, pace);
    const { exports } = await WebAssembly.instantiate(module, {
      env: instance.#env(),
      wasi_snapshot_preview1: instance.#wasi(),
    });
    instance.#exports = exports as unknown as Exports;
    instance.#exports._initialize();
    instance.#area = instance.#exports.vf_async();
    return instance;
  }

  /** The first lines that FFmpeg logged. It logs some lines in pieces. */
  get log(): string[] {
    return this.#logged.split('\n').map((line) => line.trim());
  }

  /** @returns 0, or one of FFmpeg's errors. @throws what the input throws; `WebAssembly.RuntimeError`. */
  open(): Promise<number> {
    return this.#call(() => this.#exports.vf_open(this.#input.seekable ? 1 : 0));
  }

  /** @returns Samples per channel, 0 at the end, `AGAIN`, or one of FFmpeg's errors. Throws as `open`. */
  next(): Promise<number> {
    return this.#call(() => this.#exports.vf_next());
  }

  /** The channels of `next`, as views that are valid until the next call. */
  channels(count: number): Float32Array[] {
    const at = this.#exports.vf_samples();
    return Array.from(
      { length: this.#exports.vf_channels() },
      (_, i) => new Float32Array(this.#memory.buffer, at + 4 * i * count, count),
    );
  }

  get rate(): number {
    return this.#exports.vf_rate();
  }

  /** The file's stated duration in seconds; 0 when it states none. */
  get duration(): number {
    return this.#exports.vf_claimed();
  }

  get failures(): number {
    return this.#exports.vf_failures();
  }

  get codec(): string {
    return this.#text(this.#exports.vf_codec());
  }

  get container(): string {
    return this.#text(this.#exports.vf_format());
  }

  /** Runs a function. Each time it suspends for bytes, fetches them and resumes it. */
  async #call(run: () => number): Promise<number> {
    const { asyncify_get_state, asyncify_stop_unwind, asyncify_start_rewind } = this.#exports;
    this.#until = performance.now() + MAX_STALL;
    let result = run();
    while (asyncify_get_state() === 1) {
      asyncify_stop_unwind();
      const begun = performance.now();
      try {
        await this.#pending;
      } catch (error) {
        // FFmpeg gets a read error; the caller gets this one.
        this.#failure = error;
      }
      this.#until += performance.now() - begun;
      asyncify_start_rewind(this.#area);
      result = run();
    }
    if (this.#failure !== undefined) throw this.#failure;
    return result;
  }

  #env() {
    return {
      memory: this.#memory,
      io_read: (to: number, size: number): number => {
        if (this.#exports.asyncify_get_state() === 2) this.#exports.asyncify_stop_rewind();
        if (this.#failure !== undefined) return -1;
        const count = this.#pace.due ? undefined : this.#input.take(new Uint8Array(this.#memory.buffer, to, size));
        if (count !== undefined) return count;
        this.#pending = this.#pace.due ? this.#pace.pause() : this.#input.fetch();
        this.#exports.vf_async();
        this.#exports.asyncify_start_unwind(this.#area);
        return 0;
      },
      io_seek: (position: number, whence: number): number => {
        const { size, seekable } = this.#input;
        if (whence === SEEK_SIZE) return size ?? 0;
        if (!seekable) return -1;
        const from = whence === 1 ? this.#input.position : whence === 2 ? (size ?? Number.NaN) : 0;
        const at = from + position;
        if (!(at >= 0)) return -1;
        this.#input.position = at;
        return at;
      },
      io_stop: () => (this.#failure !== undefined || performance.now() > this.#until ? 1 : 0),
      io_log: (_level: number, at: number, length: number) => {
        if (this.#logged.length > MOST_LOGGED) return;
        this.#logged += String.fromCharCode(...new Uint8Array(this.#memory.buffer, at, length));
      },
    };
  }

  /** A WASI without an operating system: only the clock works, everything else is unsupported. */
  #wasi(): WebAssembly.ModuleImports {
    const none = () => ENOSYS;
    return {
      environ_get: () => 0,
      environ_sizes_get: (count: number, bytes: number) => {
        const view = new DataView(this.#memory.buffer);
        view.setUint32(count, 0, true);
        view.setUint32(bytes, 0, true);
        return 0;
      },
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        new DataView(this.#memory.buffer).setBigUint64(at, BigInt(Math.round(performance.now() * 1e6)), true);
        return 0;
      },
      fd_close: none,
      fd_fdstat_get: none,
      fd_prestat_get: () => 8,
      fd_prestat_dir_name: none,
      fd_read: none,
      fd_seek: none,
      fd_write: none,
      path_open: none,
      poll_oneoff: none,
      proc_exit: (code: number) => {
        throw new Error(`FFmpeg failed (${code})`);
      },
    };
  }

  #text(at: number): string {
    const bytes = new Uint8Array(this.#memory.buffer);
    return String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at)));
  }
}
