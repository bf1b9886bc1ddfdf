import type { LiveEndOptions } from 'voiceflow-ml/core';
import type { LiveRequest } from '../../engine/engine.ts';
import { readParams } from '../../engine/runner/params.ts';
import { StreamQuery } from './schema.ts';

/** One message of the client: about 5 s of 48 kHz float32. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Browsers let any page open a WebSocket to anywhere: unlike for requests, it is for the server to look at the origin. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The options in the query. @throws `invalid-option`. */
export function liveRequest(query: Readonly<Record<string, string>>): LiveRequest {
  const { access_token: _, ...request } = readParams(StreamQuery, query);
  return request;
}

/** What the client says beside audio; undefined for what is none of it. */
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
