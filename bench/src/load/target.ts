import { Agent, type IncomingMessage, request } from 'node:http';
import { invalidOption } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { noise } from '../stats/random.ts';
import { parseServerTiming, type ServerTiming } from './server-timing.ts';

/** One response, or the class of failure: `http-503`, `timeout`, `reset`, `refused`, `bad-body`, `error`. */
export type Reply = { readonly timing: ServerTiming; readonly server?: string } & (
  | { readonly ok: true }
  | { readonly ok: false; readonly failure: string /** Body of an unsuccessful response. */; readonly body?: string }
);

/** The target of a load test. */
export interface Target {
  /** Sends a request. Never rejects; a failure is a reply, too. */
  send(): Promise<Reply>;
}

/** A target over HTTP connections, which disposal closes. */
interface HttpTarget extends Target, Disposable {}

interface HttpTargetOptions {
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most keep-alive connections. Further requests wait for one inside the generator. */
  readonly connections: number;
  /** Milliseconds until a request counts as failed. */
  readonly timeout?: number;
  /** A successful response must have at least this many bytes. */
  readonly minimumBytes?: number;
}

const DEFAULT_TIMEOUT = 30_000;

/** Bytes of the raw response of `/v1/infer`: two embeddings of 192 and at least one frame of activity. */
export const INFER_ANSWER_BYTES = 4 * (2 * 192 + 2);

/** The raw body for `/v1/infer`: a window of one second. */
function windowBody(): Uint8Array {
  return new Uint8Array(noise(48_000, seededRandom(1)).buffer);
}

/** A target that sends windows to `/v1/infer` of a server. */
export function inferTarget(url: string, connections: number, more: Partial<HttpTargetOptions> = {}): HttpTarget {
  return createHttpTarget({ url, body: windowBody(), connections, minimumBytes: INFER_ANSWER_BYTES, ...more });
}

/** A target that sends the same POST request over keep-alive connections of `node:http`. */
export function createHttpTarget(options: HttpTargetOptions): HttpTarget {
  const url = parseUrl(options.url);
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections, maxFreeSockets: options.connections });
  const settings = {
    agent,
    method: 'POST',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || 80,
    path: url.pathname + url.search,
    headers: {
      'content-type': 'application/octet-stream',
      accept: 'application/octet-stream',
      ...options.headers,
      'content-length': String(options.body.byteLength),
    },
  };
  const timeout = options.timeout ?? DEFAULT_TIMEOUT;
  const minimum = options.minimumBytes ?? 0;

  const send = () =>
    new Promise<Reply>((resolve) => {
      const call = request(settings, (response) => {
        let bytes = 0;
        let text = '';
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (!isSuccess(response)) text += chunk.toString();
        });
        response.on('end', () => {
          clearTimeout(timer);
          resolve(replyOf(response, bytes, minimum, text));
        });
        response.on('error', fail);
      });
      const fail = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        resolve({ ok: false, failure: failureOf(error), timing: {} });
      };
      const timer = setTimeout(() => call.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), timeout);
      call.on('error', fail);
      call.end(options.body);
    });
  return { send, [Symbol.dispose]: () => agent.destroy() };
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode <= 299;
}

function replyOf(response: IncomingMessage, bytes: number, minimum: number, body: string): Reply {
  const timing = parseServerTiming(response.headers['server-timing']);
  const server = response.headers['x-served-by'];
  const common = { timing, server: typeof server === 'string' ? server : undefined };
  if (!isSuccess(response)) return { ok: false, failure: `http-${response.statusCode}`, body, ...common };
  if (!response.complete || bytes < minimum) return { ok: false, failure: 'bad-body', ...common };
  return { ok: true, ...common };
}

function failureOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ETIMEDOUT':
      return 'timeout';
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset';
    default:
      return 'error';
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') {
    throw invalidOption(
      `--url is ${JSON.stringify(text)}; an http:// address is expected`,
      'for example --url http://127.0.0.1:8080',
    );
  }
  if (url.pathname === '/') url.pathname = '/v1/infer';
  return url;
}
