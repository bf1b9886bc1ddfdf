import type { LiveEndOptions } from 'voiceflow-ml/core';
import type { LiveRequest } from '../../engine/engine.ts';
import { assertKnown, invalid, parseKnown, seconds, wholeNumber } from '../../engine/runner/params.ts';

/** Browsers let any page open a WebSocket to anywhere: unlike for requests, it is for the server to look at the origin. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The options in the query. @throws `invalid-option`. */
export function liveRequest(query: Readonly<Record<string, string>>): LiveRequest {
  const { access_token: _, ...params } = query;
  assertKnown(params, ['encoding', 'sampleRate', 'latency', 'step', 'maxSpeakers', 'known']);
  const { encoding = 's16le', sampleRate, latency, step, maxSpeakers, known } = params;
  if (encoding !== 's16le' && encoding !== 'f32le') throw invalid('encoding', encoding, 's16le or f32le');
  if (sampleRate === undefined) throw invalid('sampleRate', 'absent', 'the samples a second, such as 16000');
  return {
    encoding,
    sampleRate: wholeNumber('sampleRate', sampleRate),
    ...(latency === undefined ? {} : { latency: seconds('latency', latency) }),
    ...(step === undefined ? {} : { step: seconds('step', step) }),
    ...(maxSpeakers === undefined ? {} : { maxSpeakers: wholeNumber('maxSpeakers', maxSpeakers) }),
    ...(known === undefined ? {} : { known: parseKnown(known) }),
  };
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
