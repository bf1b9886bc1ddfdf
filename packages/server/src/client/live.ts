import { invalidOption, type TurnEvent, VoiceFlowError } from 'voiceflow-ml/core';
import { toError } from '../http/problem-error.ts';
import type {
  ClientLiveEvent,
  ClientStreamOptions,
  LiveResultJson,
  WebSocketConstructor,
  WebSocketLike,
} from './types.ts';

/** Milliseconds before reconnecting; doubled each time, up to `last`. */
const BACKOFF_MS = { first: 250, last: 8_000 };
/** Bytes buffered in the socket above which `push` waits. */
const MAX_BUFFERED = 256 * 1024;
const POLL_MS = 20;
/** The server's idle timeout, when it does not report it. */
const IDLE_MS = 30_000;
/** Known event types. A newer server may send others, which are ignored. */
const EVENTS: ReadonlySet<string> = new Set(['turn-start', 'turn-update', 'turn-end', 'speaker', 'speaker-merged']);
const KEEP_ALIVE = JSON.stringify({ type: 'keep-alive' });
const OPEN = 1;

/** Live diarization on a server: push samples, iterate events, call `end`. Reconnects when the connection is lost. */
export class LiveConnection implements AsyncIterable<ClientLiveEvent> {
  readonly #url: string;
  readonly #options: ClientStreamOptions;
  readonly #WebSocket: WebSocketConstructor;
  readonly #turns = new Map<string, TurnEvent>();
  #socket: WebSocketLike | undefined;
  #ready = false;
  #session = 0;
  #attempts = 0;
  /** Samples pushed in total, and before the current session. */
  #pushed = 0;
  #offset = 0;
  #lostSamples = 0;
  #backlog: ArrayBuffer[] = [];
  /** The message that ends the session, once `end` was called. */
  #endMessage: string | undefined;
  /** Why the server ended the last session. */
  #closeReason: VoiceFlowError | undefined;
  #result: Promise<LiveResultJson> | undefined;
  #resolveResult: ((result: LiveResultJson) => void) | undefined;
  #rejectResult: ((error: VoiceFlowError) => void) | undefined;
  #events: ClientLiveEvent[] = [];
  #wake: (() => void) | undefined;
  #keepAlive: ReturnType<typeof setInterval> | undefined;
  #lastSent = 0;
  #error: VoiceFlowError | undefined;
  #finished = false;

  /** Called by `VoiceFlowClient.stream`. */
  constructor(url: string, options: ClientStreamOptions, WebSocket: WebSocketConstructor) {
    this.#url = url;
    this.#options = options;
    this.#WebSocket = WebSocket;
    this.#connect();
  }

  /**
   * Sends mono samples, nominally in [-1, 1]. Resolves when the connection accepts more.
   * @throws `invalid-option` for anything but a Float32Array, `invalid-audio` for samples that are no finite numbers
   *   (in both cases nothing is sent, and the session continues); the session's error; `closed` after `end` or `close`.
   */
  async push(samples: Float32Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#finished || this.#result !== undefined)
      throw new VoiceFlowError('closed', 'push() was called after end()');
    checkSamples(samples);
    this.#pushed += samples.length;
    this.#backlog.push(encode(samples, this.#options.encoding ?? 's16le'));
    this.#flush();
    this.#trim();
    while (this.#socket?.readyState === OPEN && this.#socket.bufferedAmount > MAX_BUFFERED && !this.#finished) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /**
   * Ends the session: the last events are emitted, then the promise resolves with the result. Further calls return the
   * same promise.
   * @throws the session's error; `closed` when `close` was called before the result.
   */
  end(options: { readonly recluster?: boolean } = {}): Promise<LiveResultJson> {
    this.#result ??= new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      if (this.#finished) return reject(new VoiceFlowError('closed', 'the connection was closed'));
      this.#resolveResult = resolve;
      this.#rejectResult = reject;
      this.#endMessage = JSON.stringify({ type: 'end', ...options });
      this.#flush();
    });
    return this.#result;
  }

  /** Drops the session without a result. */
  close(): void {
    if (!this.#finished)
      this.#rejectResult?.(new VoiceFlowError('closed', 'the connection was closed before the result was received'));
    this.#finish(undefined);
    this.#socket?.close(1000);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ClientLiveEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#finished) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #connect(): void {
    const socket = new this.#WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#ready = false;
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket && !this.#finished && typeof data === 'string') this.#receive(data);
    });
    socket.addEventListener('close', () => {
      if (socket === this.#socket && !this.#finished) this.#reconnect();
    });
    // Every error is followed by `close`. Without a listener some runtimes throw.
    socket.addEventListener('error', () => {});
  }

  /** An unknown message comes from something other than a VoiceFlow server; it counts as a lost connection. */
  #receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      // Reported below.
    }
    if (typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string') {
      this.#message(message as { readonly type: string } & Record<string, unknown>);
      return;
    }
    this.#closeReason = new VoiceFlowError(
      'backend-failed',
      `the server sent "${text.slice(0, 60)}", which is not a valid message`,
      { hint: 'Check that the address is of a VoiceFlow server.' },
    );
    this.#socket?.close();
  }

  #message(message: { readonly type: string } & Record<string, unknown>): void {
    if (message.type === 'ready') {
      this.#session++;
      this.#attempts = 0;
      this.#closeReason = undefined;
      this.#ready = true;
      this.#startKeepAlive(typeof message.idleMs === 'number' ? message.idleMs : IDLE_MS);
      const { sampleRate } = this.#options;
      if (this.#session > 1)
        this.#emit({ type: 'reconnect', at: this.#offset / sampleRate, lost: this.#lostSamples / sampleRate });
      this.#lostSamples = 0;
      this.#flush();
    } else if (message.type === 'end') {
      const result = { ...(message.result as LiveResultJson), offset: this.#offset / this.#options.sampleRate };
      this.#finish(undefined);
      this.#resolveResult?.(result);
    } else if (message.type === 'error') {
      const error = toError(message);
      if (error.code === 'closed' || error.code === 'backend-failed' || error.code === 'overloaded') {
        // The server or its worker stopped, or is full at the moment: a new session may continue.
        this.#closeReason = error;
        this.#socket?.close();
      } else this.#finish(error);
    } else if (EVENTS.has(message.type)) {
      // A cast: the type is one of the events', whose fields the server's own schema guarantees.
      this.#emit(this.#toClientEvent(message as unknown as ClientLiveEvent));
    }
  }

  /** The event with times counted from the first pushed sample, and with labels and ids unique across sessions. */
  #toClientEvent(event: ClientLiveEvent): ClientLiveEvent {
    const name = (label: string) => (this.#session > 1 ? `${this.#session}/${label}` : label);
    if (event.type === 'speaker') return { ...event, speaker: name(event.speaker) };
    if (event.type === 'speaker-merged') return { ...event, from: name(event.from), into: name(event.into) };
    if (event.type === 'reconnect') return event;
    const offset = this.#offset / this.#options.sampleRate;
    const own = {
      ...event,
      turn: name(event.turn),
      speaker: name(event.speaker),
      start: event.start + offset,
      end: event.end + offset,
    };
    if (own.type === 'turn-end') this.#turns.delete(own.turn);
    else this.#turns.set(own.turn, own);
    return own;
  }

  /** Sends keep-alive messages while there is no audio, such as from a muted user. */
  #startKeepAlive(idleMs: number): void {
    clearInterval(this.#keepAlive);
    this.#lastSent = performance.now();
    const pause = idleMs / 3;
    this.#keepAlive = setInterval(() => {
      if (!this.#ready || this.#socket?.readyState !== OPEN || performance.now() - this.#lastSent < pause) return;
      this.#lastSent = performance.now();
      this.#socket.send(KEEP_ALIVE);
    }, pause / 2);
  }

  #reconnect(): void {
    const { reconnects = 5 } = this.#options;
    this.#ready = false;
    clearInterval(this.#keepAlive);
    if (this.#attempts >= reconnects) {
      const text = `the connection was lost, and ${reconnects} attempts to reconnect failed`;
      const hint = 'Check the address and the key of the server.';
      this.#finish(this.#closeReason ?? new VoiceFlowError('backend-failed', text, { hint }));
      return;
    }
    for (const turn of this.#turns.values()) this.#emit({ ...turn, type: 'turn-end' });
    this.#turns.clear();
    const unsent = this.#backlog.reduce((sum, chunk) => sum + this.#samplesOf(chunk), 0);
    this.#offset = this.#pushed - unsent;
    const wait = Math.min(BACKOFF_MS.first * 2 ** this.#attempts++, BACKOFF_MS.last);
    setTimeout(() => {
      if (!this.#finished) this.#connect();
    }, wait);
  }

  #flush(): void {
    if (!this.#ready || this.#socket?.readyState !== OPEN) return;
    if (this.#backlog.length > 0) this.#lastSent = performance.now();
    for (const chunk of this.#backlog.splice(0)) this.#socket.send(chunk);
    if (this.#endMessage !== undefined) this.#socket.send(this.#endMessage);
  }

  /** Drops the oldest buffered audio beyond `bufferSeconds`. */
  #trim(): void {
    const { bufferSeconds = 30, sampleRate } = this.#options;
    let buffered = this.#backlog.reduce((sum, chunk) => sum + this.#samplesOf(chunk), 0);
    while (buffered > bufferSeconds * sampleRate) {
      const dropped = this.#samplesOf(this.#backlog.shift() ?? new ArrayBuffer(0));
      buffered -= dropped;
      this.#lostSamples += dropped;
      this.#offset += dropped;
    }
  }

  #samplesOf(chunk: ArrayBuffer): number {
    return chunk.byteLength / (this.#options.encoding === 'f32le' ? 4 : 2);
  }

  #emit(event: ClientLiveEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  #finish(error: VoiceFlowError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    clearInterval(this.#keepAlive);
    this.#error = error;
    if (error !== undefined) this.#rejectResult?.(error);
    this.#wake?.();
  }
}

function encode(samples: Float32Array, encoding: 's16le' | 'f32le'): ArrayBuffer {
  if (encoding === 'f32le') return Float32Array.from(samples).buffer;
  return Int16Array.from(samples, (x) => Math.max(-32_768, Math.min(32_767, Math.round(x * 32_768)))).buffer;
}

function checkSamples(samples: unknown): void {
  if (!(samples instanceof Float32Array))
    throw invalidOption(`samples is of type ${typeof samples}, expected a mono Float32Array`);
  const bad = samples.findIndex((sample) => !Number.isFinite(sample));
  if (bad >= 0)
    throw new VoiceFlowError('invalid-audio', `sample ${bad} of the push is ${samples[bad]}, expected finite numbers`);
}
