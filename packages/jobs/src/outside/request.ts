import { lookup as resolve } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { invalidOption } from 'voiceflow-ml/core';
import { isPublicAddress } from './addresses.ts';

/** Allows requests to all or some private, loopback and link-local addresses, for tests and closed networks. */
type AllowPrivate = boolean | ((address: string) => boolean);

function isAllowed(address: string, allowPrivate: AllowPrivate): boolean {
  if (isPublicAddress(address)) return true;
  return typeof allowPrivate === 'function' ? allowPrivate(address) : allowPrivate;
}

interface OutsideOptions {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly allowPrivate: AllowPrivate;
  /** Milliseconds until the header of the response, including redirects. */
  readonly timeoutMs: number;
  readonly redirects: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request to an address given by a client failed. `permanent`: a retry would fail, too. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
  readonly permanent: boolean;

  constructor(message: string, permanent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.permanent = permanent;
  }
}

/**
 * Checks an address given by a client, as far as possible without network access.
 * @throws `invalid-option` with the name of the option.
 */
export function checkAddress(name: string, text: string, allowPrivate: AllowPrivate): URL {
  const refuse = (why: string) =>
    invalidOption(`${name} ${why}`, `Set ${name} to an http(s) address on the public internet.`);
  if (text.length > 4_096) throw refuse(`has ${text.length} characters, expected at most 4096`);
  if (!URL.canParse(text)) throw refuse(`is "${text.slice(0, 60)}", expected an address such as https://…`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(`has the scheme ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refuse('has a user name or a password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isAllowed(host, allowPrivate)) throw refuse(`has the host ${host}, which is not public`);
  return url;
}

/**
 * Sends a request to an address given by a client. The name of each hop is resolved once, and the connection uses the
 * checked addresses, so a name that resolves differently the second time (DNS rebinding) cannot bypass the check.
 * @returns The response with its body unread; the caller must read or destroy it.
 * @throws OutsideError.
 */
export async function requestOutside(address: string, options: OutsideOptions): Promise<IncomingMessage> {
  // Not `AbortSignal.timeout`: it would still destroy the body after the header has arrived.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.timeoutMs);
  try {
    return await followRedirects(address, options, deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function followRedirects(
  address: string,
  options: OutsideOptions,
  deadline: AbortSignal,
): Promise<IncomingMessage> {
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  let current = address;
  for (let hops = 0; ; hops++) {
    let url: URL;
    try {
      url = checkAddress('url', current, options.allowPrivate);
    } catch (error) {
      throw new OutsideError((error as Error).message, true, error);
    }
    const response = await openRequest(url, options, signal, deadline);
    const { statusCode = 0, headers } = response;
    const next = statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
    if (next === undefined) return response;
    response.destroy();
    if (hops >= options.redirects) throw new OutsideError(`it redirects more than ${options.redirects} times`, true);
    if (!URL.canParse(next, url)) throw new OutsideError('it redirects to an invalid address', true);
    current = new URL(next, url).href;
    if (url.protocol === 'https:' && current.startsWith('http:'))
      throw new OutsideError('it redirects from https to http', true);
  }
}

function openRequest(
  url: URL,
  options: OutsideOptions,
  signal: AbortSignal,
  deadline: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((done, reject) => {
    const fail = (error: Error) => {
      const late = deadline.aborted
        ? new OutsideError(`it did not respond within ${options.timeoutMs} ms`, false)
        : undefined;
      const known = error instanceof OutsideError ? error : undefined;
      const { code } = error as NodeJS.ErrnoException;
      reject(late ?? known ?? new OutsideError(`cannot connect to it: ${code ?? error.message}`, false, error));
    };
    const asking = request(url, {
      method: options.method,
      headers: { 'user-agent': 'VoiceFlow', accept: '*/*', ...options.headers },
      agent: false,
      lookup: publicLookup(options.allowPrivate),
      signal,
      maxHeaderSize: 16_384,
    });
    asking.on('error', fail);
    asking.on('response', done);
    asking.end(options.body);
  });
}

/** Resolves a name; fails when any of its addresses is not public. */
function publicLookup(allowPrivate: AllowPrivate): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 4);
      const bad = addresses.find(({ address }) => !isAllowed(address, allowPrivate));
      const [first] = addresses;
      if (bad !== undefined)
        // Without the address: the client must not learn the addresses of a private network.
        return callback(new OutsideError(`${host} has an address that is not public`, true), '', 4);
      if (first === undefined) return callback(new OutsideError(`${host} has no address`, false), '', 4);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
