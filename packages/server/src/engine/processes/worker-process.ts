import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { VoiceFlowError } from 'voiceflow-ml/core';
import {
  type EngineInfo,
  type Lane,
  type LiveChannel,
  type LiveMessage,
  type LiveRequest,
  laneOf,
  type Task,
  type TaskContext,
  type TaskReply,
} from '../engine.ts';
import { cutChunks } from '../runner/bytes.ts';
import { FrameReader, writeFrame } from './frames.ts';
import { FRAMES_FD, type FromWorker, fromWireError, type ToWorker } from './messages.ts';
import { resetNiceness } from './niceness.ts';
import { RunRecord } from './run-record.ts';
import { SharedSlots } from './shared-slots.ts';
import { WorkerSessions } from './worker-sessions.ts';

export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface WorkerOptions {
  /** Milliseconds in which a canceled task must stop; after that the process counts as hung and is killed. */
  readonly graceMs: number;
  /** Milliseconds in which the worker must load its model. */
  readonly startMs: number;
  /** A worker with unprocessed live audio that sends nothing for this many milliseconds counts as hung. */
  readonly silentMs: number;
}

interface Pending {
  readonly lane: Lane;
  readonly resolve: (reply: TaskReply) => void;
  readonly reject: (error: VoiceFlowError) => void;
  readonly onProgress: TaskContext['onProgress'];
  readonly onBlame: TaskContext['onBlame'];
}

/** Bytes of a body per write, so that a long recording does not delay windows and live audio behind it. */
const PART_BYTES = 1024 * 1024;
/**
 * Fixed thresholds in bytes above which glibc allocates from the kernel directly and returns freed memory to it. By
 * default, glibc raises both with the largest block it has freed, up to 32 MiB, and a worker's heap keeps growing.
 */
const MALLOC = { MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '1048576' };
/** Variables of the server that a model does not need: native code that reads audio of clients runs in a worker. */
const SECRETS = /^(VOICEFLOW_(API_KEYS|WEBHOOK_SECRET|DATABASE_URL|S3_.*)|AWS_.*|PG[A-Z]+)$/;
/** Signals that a process causes itself. SIGKILL is not among them: it is sent by an operator or by the kernel. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'SIGTRAP', 'SIGSYS']);
/** The server's standard error. */
const STDERR_FD = 2;
/** Slots in shared memory: for the worker's windows and some recordings. */
const SLOTS = 6;

/**
 * One worker process. Workers are not threads, because a native crash in a thread ends all threads, and a thread that
 * hangs in native code cannot be terminated. A process can be killed at any time.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #options: WorkerOptions;
  readonly #slots: SharedSlots | undefined;
  readonly #record: RunRecord | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #live: WorkerSessions;
  #nextId = 1;
  #draining: Promise<void> | undefined;
  #dead = false;
  #killReason: string | undefined;
  /** Defined once the worker is ready. */
  info: Omit<EngineInfo, 'slots'> | undefined;

  /** Resolves when the model is loaded. Rejects with the worker's error, or when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when the worker has ended. */
  readonly exited: Promise<VoiceFlowError>;

  constructor({ command, args, env }: WorkerCommand, options: WorkerOptions) {
    this.#options = options;
    this.#live = new WorkerSessions({
      silentMs: options.silentMs,
      send: (message, body) => this.#send(message, body),
      kill: (why) => this.kill(why),
    });
    this.#slots = SharedSlots.create(SLOTS);
    this.#record = RunRecord.open(this.#slots);
    this.#child = spawn(command, [...args], {
      // Frames use a separate descriptor, and standard output goes to the log, because a library may print to it.
      stdio: ['pipe', STDERR_FD, 'inherit', this.#slots?.fd ?? 'ignore', 'pipe'],
      env: { ...MALLOC, ...withoutSecrets(process.env), ...this.#record?.env, ...env },
    });
    resetNiceness(this.#child.pid);
    let failed: (error: VoiceFlowError) => void = () => {};
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill(`not ready after ${options.startMs} ms`), options.startMs);
      failed = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      const reader = new FrameReader((head, body) => {
        const message = head as FromWorker;
        if (message.type === 'ready') {
          clearTimeout(timer);
          this.info = message.info;
          resolve();
        } else if (message.type === 'failed') failed(fromWireError(message.error));
        else this.#take(message, body);
      });
      this.#frames?.on('data', (chunk: Uint8Array) => {
        if (!this.alive) return;
        this.#live.received();
        try {
          reader.push(chunk);
        } catch (error) {
          // An invalid frame means that the worker is broken; it must not affect the server.
          this.kill(error instanceof Error ? error.message : String(error));
        }
      });
    });
    this.ready.catch(() => {});
    // A broken pipe is not reported, because the exit event follows.
    this.#child.stdin?.on('error', () => {});
    this.#frames?.on('error', () => {});
    this.exited = new Promise((resolve) => {
      const onEnd = (why: string, signal: NodeJS.Signals | null = null) => {
        if (this.#dead) return;
        this.#dead = true;
        const error = new VoiceFlowError('backend-failed', `the worker process ended: ${this.#killReason ?? why}`, {
          hint: 'Try again.',
        });
        failed(error);
        if (signal !== null && CRASHES.has(signal)) this.#pending.get(this.#record?.lastRun() ?? 0)?.onBlame?.();
        this.#failAll(error);
        this.#slots?.close();
        this.#record?.close();
        resolve(error);
      };
      this.#child.once('error', (error) => onEnd(error.message));
      this.#child.once('exit', (code, signal) =>
        onEnd(signal === null ? `exit code ${code}` : `signal ${signal}`, signal),
      );
    });
  }

  get #frames(): Readable | undefined {
    return this.#child.stdio[FRAMES_FD] as Readable | undefined;
  }

  get alive(): boolean {
    return !this.#dead && this.#killReason === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get sessions(): number {
    return this.#live.count;
  }

  count(lane: Lane): number {
    let count = 0;
    for (const pending of this.#pending.values()) if (pending.lane === lane) count++;
    return count;
  }

  /** Settles when the worker has responded, has stopped a canceled task, or is dead. */
  async run(task: Task, body: readonly Uint8Array[], { signal, onProgress, onBlame }: TaskContext): Promise<TaskReply> {
    const id = this.#nextId++;
    const bytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const slot = this.#dead ? undefined : this.#slots?.write(body, bytes);
    let grace: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => {
      this.#send({ type: 'cancel', id });
      const { graceMs } = this.#options;
      grace = setTimeout(() => {
        onBlame?.();
        this.kill(`a task was still running ${graceMs} ms after it was canceled`);
      }, graceMs);
    };
    try {
      return await new Promise<TaskReply>((resolve, reject) => {
        this.#pending.set(id, { lane: laneOf(task), resolve, reject, onProgress, onBlame });
        void this.#sendTask({ type: 'task', id, task, bytes, slot }, body);
        // A signal that has fired already does not fire again.
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      if (!this.#dead) this.#slots?.release(slot);
    }
  }

  open(request: LiveRequest, emit: (message: LiveMessage) => void): Promise<LiveChannel> {
    return this.#live.open(this.#nextId++, request, emit);
  }

  kill(why: string): void {
    if (this.#dead) return;
    this.#killReason ??= why;
    this.#child.kill('SIGKILL');
  }

  /** Closes the worker's input, which makes it end. Kills it when it does not end in time. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.kill('did not stop'), this.#options.graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  async #sendTask(head: Extract<ToWorker, { type: 'task' }>, body: readonly Uint8Array[]): Promise<void> {
    const parts = head.slot === undefined ? cutChunks(body, PART_BYTES) : [];
    if (!this.#send(head, parts[0])) await this.#drained();
    for (const part of parts.slice(1)) {
      if (!this.#pending.has(head.id)) return;
      if (!this.#send({ type: 'more', id: head.id }, part)) await this.#drained();
    }
  }

  /** Returns false when the pipe is full. Messages to a dead worker are dropped; its exit is reported. */
  #send(head: ToWorker, body?: readonly Uint8Array[]): boolean {
    const { stdin } = this.#child;
    if (stdin === null || this.#dead || !stdin.writable) return true;
    return writeFrame(stdin, head, body);
  }

  /** Resolves when the pipe accepts more or is closed. All callers share one wait. */
  #drained(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      const { stdin } = this.#child;
      const done = () => {
        stdin?.off('drain', done).off('close', done);
        this.#draining = undefined;
        resolve();
      };
      if (stdin === null || stdin.destroyed) done();
      else stdin.on('drain', done).on('close', done);
    });
    return this.#draining;
  }

  #take(message: Exclude<FromWorker, { type: 'ready' | 'failed' }>, body: Uint8Array<ArrayBuffer>): void {
    const { id } = message;
    if (message.type === 'reply') this.#pending.get(id)?.resolve({ ...message.reply, body });
    else if (message.type === 'progress') this.#pending.get(id)?.onProgress?.(message.progress);
    else if (message.type === 'error') {
      const error = fromWireError(message.error);
      this.#pending.get(id)?.reject(error);
      this.#live.refused(id, error);
    } else this.#live.take(message);
  }

  #failAll(error: VoiceFlowError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#live.fail(error);
  }
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.test(name)));
}
