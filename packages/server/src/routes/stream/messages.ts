import type { LiveEndOptions } from 'voiceflow-ml/core';
import type { LiveRequest } from '../../engine/engine.ts';
import { readParams } from '../../engine/runner/params.ts';
import { StreamQuery } from './schema.ts';

/** Largest message of the client: about 5 s of 48 kHz float32. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Browsers allow any page to open a WebSocket to any server. Unlike for requests, the server must check the origin. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Parses the options in the query. @throws `invalid-option`. */
export function liveRequest(query: Readonly<Record<string, string>>): LiveRequest {
  const { access_token: _, ...request } = readParams(StreamQuery, query);
  return request;
}

/** Parses a text message of the client; undefined for an unknown one. */
export function parseCommand(text: string): 'keep-alive' | LiveEndOptions | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
    if (message.type === 'keep-alive') return 'keep-alive';
    if (message.type !== 'end') return undefined;
    const recluster = 'recluster' in message ? message.recluster : undefined;
    return typeof recluster === 'boolean' ? { recluster } : recluster === undefined ? {} : undefined;
  } catch {
    return undefined;
  }
}
