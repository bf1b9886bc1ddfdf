import type { Readable, Writable } from 'node:stream';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { EngineInfo, LiveChannel, Task } from '../engine.ts';
import type { TaskRunner } from '../runner/runner.ts';
import { FrameReader, writeFrame } from './frames.ts';
import { type FromWorker, fromWireRequest, type ToWorker, toWireError } from './messages.ts';
import { setTask } from './run-record.ts';
import { SlotReader } from './shared-slots.ts';

/** Runs the tasks of a worker: a `TaskRunner`, or one that fails on purpose in a test. */
export type Runner = Pick<TaskRunner, 'run' | 'open'>;

export interface Started {
  readonly runner: Runner;
  readonly info: Omit<EngineInfo, 'slots'>;
}

/** Largest response. Four hours of turns are a few MB. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

interface Running {
  readonly task: Task;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Bytes of the body received so far. */
  filled: number;
  readonly cancel: AbortController;
}

/**
 * The worker's side of the pipes: starts, reports that it is ready, and runs tasks until the server closes the input.
 */
export async function serveTasks(input: Readable, output: Writable, start: () => Promise<Started>): Promise<void> {
  const emit = (head: FromWorker, body: readonly Uint8Array[] = []) => void writeFrame(output, head, body);
  try {
    const { runner, info } = await start();
    const handler = new TaskHandler(runner, emit);
    const reader = new FrameReader((head, body) => handler.take(head as ToWorker, body));
    input.on('data', (chunk) => reader.push(chunk));
    input.on('end', () => handler.close());
    emit({ type: 'ready', info });
  } catch (error) {
    emit({ type: 'failed', error: toWireError(error) });
  }
}

class TaskHandler {
  readonly #runner: Runner;
  readonly #send: (head: FromWorker, body?: readonly Uint8Array[]) => void;
  readonly #tasks = new Map<number, Running>();
  readonly #sessions = new Map<number, LiveChannel>();
  readonly #slots = new SlotReader();

  constructor(runner: Runner, emit: (head: FromWorker, body?: readonly Uint8Array[]) => void) {
    this.#runner = runner;
    this.#send = emit;
  }

  take(message: ToWorker, body: Uint8Array<ArrayBuffer>): void {
    const { id } = message;
    if (message.type === 'task') this.#begin(message, body);
    else if (message.type === 'more') this.#fill(id, body);
    else if (message.type === 'cancel') this.#cancel(id);
    else if (message.type === 'open') {
      try {
        const channel = this.#runner.open(fromWireRequest(message.request), (live) => {
          if (live.type === 'end' || live.type === 'error') this.#sessions.delete(id);
          this.#send({ type: 'live', id, message: live });
        });
        this.#sessions.set(id, channel);
        this.#send({ type: 'opened', id });
      } catch (error) {
        this.#send({ type: 'error', id, error: toWireError(error) });
      }
    } else if (message.type === 'push') {
      const taken = () => this.#send({ type: 'taken', id });
      void (this.#sessions.get(id)?.push(body) ?? Promise.resolve()).then(taken, taken);
    } else if (message.type === 'end') this.#sessions.get(id)?.end(message.options);
    else {
      this.#sessions.get(id)?.close();
      this.#sessions.delete(id);
    }
  }

  /** Aborts all tasks and sessions, because nothing waits for their results. */
  close(): void {
    for (const { cancel } of this.#tasks.values()) cancel.abort();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #begin({ id, task, bytes, slot }: Extract<ToWorker, { type: 'task' }>, part: Uint8Array<ArrayBuffer>): void {
    const first = slot === undefined ? part : this.#slots.read(slot, bytes);
    const whole = first.length === bytes;
    const body = whole ? first : new Uint8Array(bytes);
    if (!whole) body.set(first);
    const running: Running = { task, body, filled: first.length, cancel: new AbortController() };
    this.#tasks.set(id, running);
    setTask(running.cancel.signal, id);
    if (whole) void this.#run(id, running);
  }

  #fill(id: number, part: Uint8Array): void {
    const running = this.#tasks.get(id);
    if (running === undefined) return;
    running.body.set(part, running.filled);
    running.filled += part.length;
    if (running.filled === running.body.length) void this.#run(id, running);
  }

  #cancel(id: number): void {
    const running = this.#tasks.get(id);
    if (running === undefined) return;
    running.cancel.abort();
    if (running.filled === running.body.length) return;
    // The task never started, so nothing else would respond.
    this.#tasks.delete(id);
    this.#send({ type: 'error', id, error: toWireError(new VoiceFlowError('aborted', 'the task was canceled')) });
  }

  async #run(id: number, { task, body, cancel }: Running): Promise<void> {
    try {
      const { body: bytes, ...reply } = await this.#runner.run(task, body, {
        signal: cancel.signal,
        onProgress: (progress) => this.#send({ type: 'progress', id, progress }),
      });
      if (bytes.byteLength > MAX_RESPONSE_BYTES) throw tooLarge(bytes.byteLength);
      this.#send({ type: 'reply', id, reply }, [bytes]);
    } catch (error) {
      this.#send({ type: 'error', id, error: toWireError(error) });
    } finally {
      this.#tasks.delete(id);
    }
  }
}

function tooLarge(bytes: number): VoiceFlowError {
  return new VoiceFlowError('audio-too-large', `the response has ${bytes} bytes, the limit is ${MAX_RESPONSE_BYTES}`, {
    hint: 'Send a shorter recording or use shorter names.',
  });
}
