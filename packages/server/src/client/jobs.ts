import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { toError } from '../http/problem-error.ts';
import type { DiarizeJson } from '../routes/diarize/schema.ts';
import { readEvents } from './events.ts';
import { toQuery } from './query.ts';
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
/** Delays before retries while the server or its database is unavailable. The job continues in the meantime. */
const ASK_AGAIN_MS = { first: 500, last: 10_000 };

/** Jobs of a server that keeps them (`serve --data` or `--database`). */
export class JobsClient {
  readonly #request: SendRequest;

  constructor(sendRequest: SendRequest) {
    this.#request = sendRequest;
  }

  /** Submits a recording, or its address. With an `idempotencyKey` the call may be repeated safely. */
  async submit(audio: ClientAudio | { readonly url: string }, options: ClientSubmitOptions = {}): Promise<JobJson> {
    const { signal, idempotencyKey, metadata, ...values } = options;
    const query = toQuery({ ...values, metadata: metadata && JSON.stringify(metadata) });
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const sent =
      'url' in audio
        ? { body: JSON.stringify({ url: audio.url }), headers: { ...headers, 'content-type': 'application/json' } }
        : { body: audio, headers };
    return (await this.#request('POST', `/v1/jobs${query}`, { signal, ...sent })).json();
  }

  /** The current state of a job, with its result if it has one. */
  async get(id: string, options: CallOptions = {}): Promise<JobJson> {
    return (await this.#request('GET', pathOf(id), options)).json();
  }

  /**
   * Waits for the end of a job, however long it takes. Short failures of the server are retried.
   * @param onChange Called with the job about once per second.
   * @returns The result of the job.
   * @throws The job's error; `closed` when it was canceled; `aborted`.
   */
  async wait(id: string, options: CallOptions & { onChange?: (job: JobJson) => void } = {}): Promise<DiarizeJson> {
    const { onChange, ...call } = options;
    const seconds = onChange === undefined ? WAIT_SECONDS : 1;
    for (let pause = ASK_AGAIN_MS.first; ; ) {
      let job: JobJson;
      try {
        job = await (await this.#request('GET', `${pathOf(id)}?wait=${seconds}`, call)).json();
      } catch (error) {
        if (!isTemporary(error)) throw error;
        await pauseFor(pause, options.signal);
        pause = Math.min(2 * pause, ASK_AGAIN_MS.last);
        continue;
      }
      onChange?.(job);
      pause = ASK_AGAIN_MS.first;
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
    return (await this.#request('GET', `/v1/jobs${toQuery({ limit, before, state })}`, call)).json();
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
    return format === 'json' ? response.json() : response.text();
  }

  /**
   * Yields the job at once and on each change, and its result or problem at the end. Does not reconnect; see `wait`.
   */
  async *events(id: string, options: CallOptions = {}): AsyncGenerator<JobEvent> {
    const { body } = await this.#request('GET', `${pathOf(id)}/events`, options);
    if (body === null) return;
    for await (const { event, data } of readEvents(body)) {
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
    return (await this.#request('POST', path, { ...options, body: audio })).json();
  }

  async voices(options: CallOptions = {}): Promise<readonly VoiceJson[]> {
    const { voices } = (await (await this.#request('GET', '/v1/voices', options)).json()) as { voices: VoiceJson[] };
    return voices;
  }

  async removeVoice(name: string, options: CallOptions = {}): Promise<void> {
    await (await this.#request('DELETE', `/v1/voices/${encodeURIComponent(name)}`, options)).body?.cancel();
  }
}

/** Resolves early when the signal fires; the next request then throws. */
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

function isTemporary(error: unknown): boolean {
  return VoiceFlowError.isInstance(error) && TEMPORARY_CODES.has(error.code);
}

const TEMPORARY_CODES = new Set(['overloaded', 'backend-unavailable', 'backend-failed']);

function pathOf(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}
