import { invalidOption, type KnownVoice, type Progress, VoiceFlowError } from 'voiceflow-ml/core';
import type { DiarizeJson } from '../routes/diarize/schema.ts';
import type { EmbeddingJson } from '../routes/embed/schema.ts';
import type { WindowJson } from '../routes/infer/schema.ts';
import { readEvents } from './events.ts';
import { JobsClient, type RequestOptions } from './jobs.ts';
import { LiveConnection } from './live.ts';
import { toQuery } from './query.ts';
import { connectionError, jsonOf, LOST, problemError, RequestError, responseError } from './request-error.ts';
import type {
  CallOptions,
  ClientAudio,
  ClientDiarizeOptions,
  ClientEmbedOptions,
  ClientStreamOptions,
  WebSocketConstructor,
} from './types.ts';

export interface ClientOptions {
  /** The server's address, such as `https://voices.example`. */
  readonly url: string;
  /** The API key, if the server requires one. */
  readonly key?: string;
  /** Replaces the global `fetch`, for proxies and tests. */
  readonly fetch?: (url: string, init?: RequestInit) => Promise<Response>;
  /** The `WebSocket` class for `stream`; required on Node before 22 (use `ws`). */
  readonly WebSocket?: WebSocketConstructor;
}

/** A client of a VoiceFlow server. Errors are `VoiceFlowError` with the server's codes. */
export class VoiceFlowClient {
  readonly #options: ClientOptions;
  readonly #url: string;

  constructor(options: ClientOptions) {
    if (!URL.canParse(options.url)) throw invalidOption(`url is "${options.url}", expected an http(s) address`);
    this.#options = options;
    this.#url = options.url.replace(/\/+$/, '');
  }

  /** Runs the network on one window: 48,000 samples at 48 kHz, or a WAV file. */
  async infer(audio: Float32Array<ArrayBuffer> | Blob, options: CallOptions = {}): Promise<WindowJson> {
    const raw = audio instanceof Float32Array;
    const type = raw ? 'application/octet-stream' : 'audio/wav';
    const body = raw ? new Uint8Array(audio.buffer, audio.byteOffset, audio.byteLength) : audio;
    return jsonOf(await this.#post('/v1/infer', body, options, { 'content-type': type }), options.signal);
  }

  /** Diarizes a recording, however long that takes. */
  async diarize(audio: ClientAudio, options: ClientDiarizeOptions = {}): Promise<DiarizeJson> {
    const { numSpeakers, minSpeakers, maxSpeakers, exclusive, known, falseNames, channels, onProgress, ...call } =
      options;
    const counts = { numSpeakers, minSpeakers, maxSpeakers };
    const query = toQuery({
      ...counts,
      exclusive,
      known: knownText(known),
      falseNames,
      channels: channels?.toString(),
    });
    // Also without `onProgress`: a long recording takes longer than fetch waits for a plain response (300 s on Node),
    // and the event stream sends something every few seconds.
    const response = await this.#post(`/v1/diarize${query}`, audio, call, { accept: 'text/event-stream' });
    return this.#resultOf(response, onProgress, call.signal);
  }

  /** The embedding of the voice in a recording. */
  async embed(audio: ClientAudio, options: ClientEmbedOptions = {}): Promise<EmbeddingJson> {
    const { segment, ...call } = options;
    const query = toQuery({ start: segment?.start, end: segment?.end });
    return jsonOf(await this.#post(`/v1/embed${query}`, audio, call), call.signal);
  }

  /** Durable jobs, if the server keeps jobs. */
  get jobs(): JobsClient {
    return new JobsClient((method, path, options) => this.#request(method, path, options));
  }

  /** Starts live diarization. @throws `backend-unavailable` when there is no `WebSocket`. */
  stream(options: ClientStreamOptions): LiveConnection {
    const WebSocket = this.#options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined);
    if (WebSocket === undefined) {
      throw new VoiceFlowError('backend-unavailable', 'this runtime has no WebSocket', {
        hint: 'Pass one to the client: new VoiceFlowClient({ url, WebSocket }), with WebSocket from the package ws.',
      });
    }
    const { sampleRate, encoding = 's16le', latency, step, maxSpeakers, known, falseNames } = options;
    const access_token = this.#options.key;
    const values = {
      sampleRate,
      encoding,
      latency,
      step,
      maxSpeakers,
      known: knownText(known),
      falseNames,
      access_token,
    };
    return new LiveConnection(`${this.#url.replace(/^http/, 'ws')}/v1/stream${toQuery(values)}`, options, WebSocket);
  }

  async #resultOf(
    response: Response,
    onProgress: ((progress: Progress) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DiarizeJson> {
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return jsonOf(response, signal);
    for await (const { event, data } of readEvents(response, signal)) {
      if (event === 'progress') onProgress?.(JSON.parse(data));
      else if (event === 'result') return JSON.parse(data);
      else if (event === 'problem') throw problemError(JSON.parse(data));
    }
    throw new RequestError('backend-failed', LOST, { hint: 'Try again.', status: 0 });
  }

  #post(path: string, body: BodyInit, options: CallOptions, headers: Record<string, string> = {}): Promise<Response> {
    return this.#request('POST', path, { ...options, body, headers });
  }

  async #request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { fetch = (url, init) => globalThis.fetch(url, init), key } = this.#options;
    const { signal, deadlineMs, body, headers } = options;
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        body,
        headers: defined({
          ...headers,
          authorization: key && `Bearer ${key}`,
          'x-deadline-ms': deadlineMs?.toString(),
        }),
        signal,
      });
    } catch (error) {
      throw connectionError(error, signal, `cannot connect to ${this.#url}`);
    }
    if (!response.ok) throw await responseError(response);
    return response;
  }
}

function defined(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((each): each is [string, string] => each[1] !== undefined));
}

function knownText(known: readonly KnownVoice[] | undefined): string | undefined {
  return known && JSON.stringify(known.map((voice) => ({ ...voice, embedding: Array.from(voice.embedding) })));
}
