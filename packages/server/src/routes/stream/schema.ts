import * as v from 'valibot';
import { falseNames, known, secondsText, wholeText } from '../../engine/runner/params.ts';
import type { RouteSpec } from '../describe.ts';

/** The options of a live session. The SDK checks their ranges. */
export const StreamQuery = v.object({
  sampleRate: wholeText('sampleRate', 'Sample rate in Hz.', 'the sample rate in Hz, such as 16000'),
  encoding: v.optional(
    v.pipe(v.picklist(['s16le', 'f32le'], 's16le or f32le'), v.description('Sample format.')),
    's16le',
  ),
  latency: v.optional(secondsText('latency', 'Seconds, 0.5–5.')),
  step: v.optional(secondsText('step', 'Seconds, 0.25–1.')),
  maxSpeakers: v.optional(wholeText('maxSpeakers', 'At most this many speakers.')),
  known,
  falseNames,
  access_token: v.optional(
    v.pipe(v.string(), v.description('The API key, for browsers, which cannot set headers on a WebSocket.')),
  ),
});

export const STREAM = {
  summary: 'Live diarization (WebSocket)',
  description:
    'Binary messages are mono PCM. The server sends JSON: ready, turn-start, turn-update, turn-end, speaker, speaker-merged, error, end. Send {"type":"end"} to finish and get the result, {"type":"keep-alive"} while there is no audio; `idleMs` in `ready` is the longest time without a message.',
  tag: 'Inference',
  key: true,
  query: StreamQuery,
  answers: {
    101: { description: 'The session.' },
  },
} as const satisfies RouteSpec;
