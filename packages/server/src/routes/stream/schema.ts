import * as v from 'valibot';
import { falseNames, known, secondsText, wholeText } from '../../engine/runner/params.ts';
import type { RouteSpec } from '../describe.ts';

/** The options of a live session. The SDK checks their ranges. */
export const StreamQuery = v.object({
  sampleRate: wholeText('sampleRate', 'Samples a second.', 'the samples a second, such as 16000'),
  encoding: v.optional(
    v.pipe(v.picklist(['s16le', 'f32le'], 's16le or f32le'), v.description('How samples are written.')),
    's16le',
  ),
  latency: v.optional(secondsText('latency', 'Seconds, 0.5–5.')),
  step: v.optional(secondsText('step', 'Seconds, 0.25–1.')),
  maxSpeakers: v.optional(wholeText('maxSpeakers', 'At most this many voices.')),
  known,
  falseNames,
  access_token: v.optional(
    v.pipe(v.string(), v.description('The API key, for browsers, which cannot set a header here.')),
  ),
});

export const STREAM = {
  summary: 'Live diarization (WebSocket)',
  description:
    'Binary messages are mono PCM. The server sends JSON: ready, turn-start, turn-update, turn-end, speaker, speaker-merged, error, end. Send {"type":"end"} to finish and get the result, {"type":"keep-alive"} while there is no audio: `ready` says in `idleMs` how long the server waits for a word.',
  tag: 'Inference',
  key: true,
  query: StreamQuery,
  answers: {
    101: { description: 'The session.' },
  },
} as const satisfies RouteSpec;
