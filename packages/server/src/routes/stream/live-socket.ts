import type { WSContext, WSEvents } from 'hono/ws';
import { invalidOption, type LiveEndOptions, VoiceFlowError } from 'voiceflow-ml/core';
import type { LiveChannel, LiveMessage, LiveRequest } from '../../engine/engine.ts';
import { joinChunks } from '../../engine/runner/bytes.ts';
import { toMessage } from '../../engine/runner/live.ts';
import { ChunkList } from '../../http/chunk-list.ts';
import type { AppContext } from '../../http/context.ts';
import type { AppState, OpenSession } from '../../state.ts';
import { queryOf } from '../task.ts';
import { liveRequest, MAX_MESSAGE_BYTES, parseCommand } from './messages.ts';
import { makeRoom } from './places.ts';

/** Most unread bytes for a client. Beyond this the socket is closed, because events may neither be lost nor pile up. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Seconds of unprocessed audio after which the sender is paused, if the runtime supports it. */
const PAUSE_SECONDS = 5;
/** Seconds of unprocessed audio after which the session ends, when the sender cannot be paused. */
const MAX_AHEAD_SECONDS = 60;

const CLOSE = { normal: 1000, policy: 1008, tooBig: 1009, failed: 1011, restart: 1012, tryLater: 1013 } as const;

/** With which code an error closes the socket: the server's own failures differ from what the client must change. */
function closeCode(code: string): number {
  if (code === 'overloaded' || code === 'backend-unavailable') return CLOSE.tryLater;
  return code === 'backend-failed' ? CLOSE.failed : CLOSE.policy;
}

/** What the sockets of the runtimes have besides the standard: only those of `ws` can slow down a fast sender. */
interface RuntimeSocket {
  pause?(): void;
  resume?(): void;
  readonly bufferedAmount?: number;
  getBufferedAmount?(): number;
}

export class LiveSocket implements OpenSession {
  lastAudio = performance.now();
  readonly #c: AppContext;
  readonly #state: AppState;
  #ws: WSContext | undefined;
  readonly #startedAt = performance.now();
  /** Resolves when the session is open; earlier messages wait for it, in order. */
  #channel: Promise<LiveChannel> | undefined;
  /** Messages of the session before `ready` was sent, which is always the first message to the client. */
  #queuedMessages: LiveMessage[] | undefined = [];
  #bytesPerSecond = 1;
  /** Received audio that was not sent to the worker yet. */
  readonly #queuedAudio = new ChunkList();
  #flushing = false;
  /** The client's `end` command, applied when all audio has been processed. */
  #endOptions: LiveEndOptions | undefined;
  #unprocessedBytes = 0;
  #received = 0;
  #finished = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Limits the work after `end`. */
  #work: ReturnType<typeof setTimeout> | undefined;
  #lastMessage = performance.now();

  constructor(c: AppContext, state: AppState) {
    this.#c = c;
    this.#state = state;
  }

  get client(): string | undefined {
    return this.#c.get('client');
  }

  get #raw(): RuntimeSocket {
    return (this.#ws?.raw ?? {}) as RuntimeSocket;
  }

  events(): WSEvents {
    return {
      onOpen: (_, ws) => this.#open(ws),
      onMessage: ({ data }) => this.#message(data),
      onClose: () => this.#finish('closed'),
      onError: () => this.#finish('failed'),
    };
  }

  #open(ws: WSContext): void {
    this.#ws = ws;
    const { sessions, limits, engine, draining } = this.#state;
    try {
      if (draining) throw new VoiceFlowError('closed', 'the server is shutting down', { hint: 'Connect again.' });
      makeRoom(sessions, limits.sessions, this.client);
      const request = liveRequest(queryOf(this.#c));
      this.#bytesPerSecond = request.sampleRate * (request.encoding === 's16le' ? 2 : 4);
      sessions.add(this);
      this.#channel = engine.open(request, (message) => this.#emit(message));
      this.#channel.then(
        () => this.#ready(request),
        (error) => this.#fail(error),
      );
      this.#watchIdle();
    } catch (error) {
      this.#fail(error);
    }
  }

  end(reason: 'draining' | 'replaced'): void {
    const hint = 'Connect again.';
    if (reason === 'draining') {
      this.#fail(new VoiceFlowError('closed', 'the server is shutting down', { hint }), CLOSE.restart);
    } else {
      const text = 'this session had no audio for a long time and was ended to make room for another';
      this.#fail(new VoiceFlowError('overloaded', text, { hint }), CLOSE.tryLater);
    }
  }

  #ready({ sampleRate, encoding }: LiveRequest): void {
    if (this.#finished) return;
    const manifest = this.#state.engine.info?.manifest;
    const { idleBodyMs: idleMs } = this.#state.limits;
    const model = { id: manifest?.id, version: manifest?.version, space: manifest?.space };
    this.#send({ type: 'ready', session: this.#c.get('requestId'), sampleRate, encoding, model, idleMs });
    const queued = this.#queuedMessages ?? [];
    this.#queuedMessages = undefined;
    for (const message of queued) this.#emit(message);
  }

  #message(data: unknown): void {
    // Nothing follows `end`: a second one, or late audio, must not cost the result.
    if (this.#finished || this.#endOptions !== undefined) return;
    this.#lastMessage = performance.now();
    if (typeof data === 'string') this.#command(data);
    else if (data instanceof ArrayBuffer) this.#audio(new Uint8Array(data));
    else if (data instanceof Uint8Array) this.#audio(data.slice());
    else this.#fail(invalidOption('the message is neither text nor binary'));
  }

  #audio(bytes: Uint8Array<ArrayBuffer>): void {
    const { length } = bytes;
    if (length === 0) return;
    if (length > MAX_MESSAGE_BYTES) {
      const text = `a message has ${length} bytes, the limit is ${MAX_MESSAGE_BYTES}`;
      this.#fail(new VoiceFlowError('audio-too-large', text), CLOSE.tooBig);
      return;
    }
    this.lastAudio = performance.now();
    this.#received += length;
    this.#unprocessedBytes += length;
    if (this.#unprocessedBytes > PAUSE_SECONDS * this.#bytesPerSecond) this.#raw.pause?.();
    if (this.#unprocessedBytes > MAX_AHEAD_SECONDS * this.#bytesPerSecond + MAX_MESSAGE_BYTES) {
      const text = `the audio is more than ${MAX_AHEAD_SECONDS} s ahead of the session`;
      this.#fail(new VoiceFlowError('overloaded', text, { hint: 'Send audio in real time.' }));
      return;
    }
    this.#queuedAudio.add(bytes);
    void this.#flushAudio();
  }

  /** Sends all waiting audio to the worker as one message, so that audio received while it is busy is batched. */
  async #flushAudio(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      const channel = await this.#channel;
      while (!this.#queuedAudio.isEmpty && !this.#finished) {
        const bytes = joinChunks(this.#queuedAudio.take());
        const { length } = bytes;
        await channel?.push(bytes);
        this.#unprocessedBytes -= length;
        this.#lastMessage = performance.now();
        if (this.#unprocessedBytes <= PAUSE_SECONDS * this.#bytesPerSecond) this.#raw.resume?.();
      }
      if (this.#endOptions !== undefined && !this.#finished) channel?.end(this.#endOptions);
    } catch {
      // The session could not be opened; `#open` has reported the error.
    } finally {
      this.#flushing = false;
    }
  }

  #command(text: string): void {
    const command = parseCommand(text);
    if (command === 'keep-alive') return;
    if (command !== undefined) {
      this.#endOptions = command;
      this.#work = setTimeout(() => this.#overdue(), this.#state.limits.workMs);
      void this.#flushAudio();
      return;
    }
    this.#fail(
      invalidOption(
        `the message "${text.slice(0, 60)}" is not a known message`,
        'Send {"type":"end"} to finish, {"type":"keep-alive"} while there is no audio.',
      ),
    );
  }

  #emit(message: LiveMessage): void {
    if (this.#finished) return;
    if (this.#queuedMessages !== undefined) {
      this.#queuedMessages.push(message);
      return;
    }
    this.#state.metrics.liveEvents.add(1, { type: message.type });
    this.#send(message);
    if (message.type === 'end') this.#finish('ended', CLOSE.normal);
    else if (message.type === 'error') this.#finish(message.code, closeCode(message.code));
  }

  /** Sends the error, then closes the socket. */
  #fail(error: unknown, close?: number): void {
    if (this.#finished) return;
    const message = toMessage(error);
    const code = message.type === 'error' ? message.code : 'backend-failed';
    this.#send(message);
    this.#finish(code, close ?? closeCode(code));
  }

  #send(message: unknown): void {
    if (this.#ws?.readyState !== 1) return;
    // Sent bytes that the client has not read.
    const unread = this.#raw.bufferedAmount ?? this.#raw.getBufferedAmount?.() ?? 0;
    if (unread > MAX_UNREAD_BYTES) {
      this.#finish('slow-reader', CLOSE.policy);
      return;
    }
    this.#ws.send(JSON.stringify(message));
  }

  #watchIdle(rechecked = false): void {
    const { idleBodyMs } = this.#state.limits;
    const silent = performance.now() - this.#lastMessage;
    // After `end` the client has nothing to send: it waits for the result.
    if (silent < idleBodyMs || this.#unprocessedBytes > 0 || this.#endOptions !== undefined) {
      this.#idle = setTimeout(() => this.#watchIdle(), Math.max(idleBodyMs - silent, idleBodyMs / 10));
      return;
    }
    if (!rechecked) {
      // After the process was suspended, its timers fire before it has read data that arrived in the meantime; check
      // again.
      this.#idle = setTimeout(() => this.#watchIdle(true), 0);
      return;
    }
    const hint = 'Send {"type":"keep-alive"} while there is no audio.';
    this.#fail(new VoiceFlowError('deadline-exceeded', `no message was received for ${idleBodyMs} ms`, { hint }));
  }

  #overdue(): void {
    const text = `the session took more than ${this.#state.limits.workMs} ms after its end`;
    this.#fail(new VoiceFlowError('deadline-exceeded', text));
  }

  /** Frees all resources and logs the outcome, once. @param close The code with which to close a socket that is open. */
  #finish(outcome: string, close?: number): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#work);
    this.#state.sessions.delete(this);
    this.#channel?.then(
      (channel) => channel.close(),
      () => {},
    );
    if (close !== undefined) this.#ws?.close(close, outcome);
    this.#state.metrics.requests.add(1, { route: '/v1/stream', outcome });
    this.#state.log({
      level: 'info',
      message: 'session',
      requestId: this.#c.get('requestId'),
      client: this.client,
      outcome,
      seconds: Math.round(performance.now() - this.#startedAt) / 1000,
      audioSeconds: Math.round((this.#received / this.#bytesPerSecond) * 1000) / 1000,
    });
  }
}
