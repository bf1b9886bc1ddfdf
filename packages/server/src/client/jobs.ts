import { invalidOption, throwIfAborted, VoiceFlowError } from 'voiceflow-ml/core';
import { toError } from '../http/problem-error.ts';
import type { DiarizeJson } from '../routes/diarize/schema.ts';
import { readEvents } from './events.ts';
import { toQuery } from './query.ts';
import { jsonOf, RequestError, textOf } from './request-error.ts';
import type {
  CallOptions,
  ClientAudio,
  ClientSubmitOptions,
  JobEvent,
  JobJson,
  JobListJson,
  VoiceJson,
} from './types.ts';

/** Sends a request to the client's server. @throws `VoiceFlowError` with the server's code. */
type SendRequest = (method: string, path: string, options?: RequestOptions) => Promise<Response>;

export interface RequestOptions extends CallOptions {
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seconds that one request of `wait` waits for the end of a job. */
const WAIT_SECONDS = 30;
/** Delays before retries after a temporary error, unless the server tells a longer one. */
const RETRY_MS = { first: 500, last: 10_000, told: 600_000 };
/** Milliseconds that a submission pauses in all between its tries: longer than a restart of a server takes. */
const SUBMIT_MS = 60_000;

/** Jobs of a server that keeps them (`serve --data` or `--database`). */
export class JobsClient {
  readonly #request: SendRequest;

  constructor(sendRequest: SendRequest) {
    this.#request = sendRequest;
  }

  /**
   * Submits a recording, or its address. With an `idempotencyKey` the call may be repeated safely, and repeats itself
   * for about a minute (of pauses; uploads are not counted) while the server is full or cannot be reached.
   * @throws RequestError at once when the server tells a longer pause than is left of this minute; it is `retryAfter`.
   */
  async submit(audio: ClientAudio | { readonly url: string }, options: ClientSubmitOptions = {}): Promise<JobJson> {
    const { signal, idempotencyKey, metadata, onRetry, ...values } = options;
    const query = toQuery({ ...values, metadata: metadata && JSON.stringify(metadata) });
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const sent =
      'url' in audio
        ? { body: JSON.stringify({ url: audio.url }), headers: { ...headers, 'content-type': 'application/json' } }
        : { body: audio, headers };
    const request = () => this.#json<JobJson>('POST', `/v1/jobs${query}`, { signal, ...sent });
    // Without a key, a repeated submission would be a second job if the first arrived and only its response was lost.
    return idempotencyKey === undefined ? request() : repeated(request, { signal, onRetry }, SUBMIT_MS);
  }

  /** The current state of a job, with its result if it has one. */
  async get(id: string, options: CallOptions = {}): Promise<JobJson> {
    return this.#json('GET', pathOf(id), options);
  }

  /**
   * Waits for the end of a job, however long it takes, also while the server is full or cannot be reached.
   * @param options.onChange Called with the job about once per second.
   * @param options.onRetry Called before each pause, see `ClientSubmitOptions`. The wait itself goes on.
   * @returns The result of the job.
   * @throws The job's error; `closed` when it was canceled; `aborted`.
   */
  async wait(
    id: string,
    options: CallOptions & Pick<ClientSubmitOptions, 'onRetry'> & { onChange?: (job: JobJson) => void } = {},
  ): Promise<DiarizeJson> {
    const { onChange, onRetry, ...call } = options;
    const seconds = onChange === undefined ? WAIT_SECONDS : 1;
    const ask = () => this.#json<JobJson>('GET', `${pathOf(id)}?wait=${seconds}`, call);
    for (;;) {
      const job = await repeated(ask, { signal: options.signal, onRetry });
      onChange?.(job);
      if (job.state === 'succeeded' && job.result !== undefined) return job.result;
      if (job.state === 'canceled') throw new VoiceFlowError('closed', 'the job was canceled');
      if (job.state === 'failed') throw toError({ ...job.problem });
    }
  }

  /** Lists jobs, newest first. @param options.before The value `next` of the previous page. */
  async list(
    options: CallOptions & { limit?: number; before?: string; state?: JobJson['state'] } = {},
  ): Promise<JobListJson> {
    const { limit, before, state, ...call } = options;
    return this.#json('GET', `/v1/jobs${toQuery({ limit, before, state })}`, call);
  }

  /**
   * The result of a job, as JSON or as text in another format.
   * @throws The job's error; `invalid-option` when it has not ended.
   */
  async result(id: string, format: 'json', options?: CallOptions): Promise<DiarizeJson>;
  async result(id: string, format: 'rttm' | 'srt' | 'vtt', options?: CallOptions): Promise<string>;
  async result(id: string, format: string, options: CallOptions = {}): Promise<DiarizeJson | string> {
    const response = await this.#request('GET', `${pathOf(id)}/result?format=${format}`, options);
    if (response.status === 202) {
      await response.body?.cancel();
      throw invalidOption(`job ${id} has no result yet`, 'Wait for it with jobs.wait(id).');
    }
    return format === 'json' ? jsonOf(response, options.signal) : textOf(response, options.signal);
  }

  /**
   * Yields the job at once and on each change, and its result or problem at the end. Does not reconnect; see `wait`.
   */
  async *events(id: string, options: CallOptions = {}): AsyncGenerator<JobEvent> {
    const response = await this.#request('GET', `${pathOf(id)}/events`, options);
    for await (const { event, data } of readEvents(response, options.signal)) {
      if (event === 'job') yield { type: 'job', job: JSON.parse(data) };
      else if (event === 'result') yield { type: 'result', result: JSON.parse(data) };
      else if (event === 'problem') yield { type: 'problem', error: toError(JSON.parse(data)) };
    }
  }

  /** Cancels a job that has not ended. Removes one that has, with its result. */
  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    await (await this.#request('DELETE', pathOf(id), options)).body?.cancel();
  }

  /** Adds a recording to a voice in the voice book of the API key. */
  async enroll(name: string, audio: ClientAudio, options: CallOptions = {}): Promise<VoiceJson> {
    const path = `/v1/voices?name=${encodeURIComponent(name)}`;
    return this.#json('POST', path, { ...options, body: audio });
  }

  async voices(options: CallOptions = {}): Promise<readonly VoiceJson[]> {
    const { voices } = await this.#json<{ voices: VoiceJson[] }>('GET', '/v1/voices', options);
    return voices;
  }

  async removeVoice(name: string, options: CallOptions = {}): Promise<void> {
    await (await this.#request('DELETE', `/v1/voices/${encodeURIComponent(name)}`, options)).body?.cancel();
  }

  async #json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    return jsonOf<T>(await this.#request(method, path, options), options.signal);
  }
}

/**
 * Repeats a request after temporary errors.
 * @param most Milliseconds of all pauses together.
 * @throws The last error, when it is not temporary or the next pause would be too long; `aborted`.
 */
async function repeated<T>(
  request: () => Promise<T>,
  { signal, onRetry }: Pick<ClientSubmitOptions, 'signal' | 'onRetry'>,
  most = Number.POSITIVE_INFINITY,
): Promise<T> {
  let paused = 0;
  for (let delay = RETRY_MS.first; ; delay = Math.min(2 * delay, RETRY_MS.last)) {
    try {
      return await request();
    } catch (error) {
      if (!RequestError.isTemporary(error)) throw error;
      const pause = Math.max(delay, Math.min(1000 * (error.retryAfter ?? 0), RETRY_MS.told));
      if (paused + pause > most) throw error;
      onRetry?.(error, paused);
      await pauseFor(pause, signal);
      throwIfAborted(signal);
      paused += pause;
    }
  }
}

/** Resolves early when the signal fires. */
function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
    if (signal?.aborted) finish();
  });
}

function pathOf(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}
