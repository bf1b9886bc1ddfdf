import type { LiveOptions, RecordingDiarizer } from '../contract/live.ts';
import type { DiarizationParts } from '../contract/result.ts';
import type { Steps } from '../stages/steps.ts';
import type { KeptAudio } from './kept-audio.ts';
import type { LiveResultParts } from './result.ts';
import type { LiveTracker } from './tracker.ts';

/** A session that is over: nothing more is heard. */
export interface EndedSession {
  readonly tracker: LiveTracker;
  readonly audio: KeptAudio | undefined;
  readonly options: LiveOptions;
  /** Of the session's embeddings: known voices mean nothing in another. */
  readonly space: string;
  /** Milliseconds, to which those of another diarizer are added. */
  readonly spent: Record<'decode' | 'model' | 'cluster', number>;
  readonly signal: AbortSignal;
  paced<T>(steps: Steps<T>): Promise<T>;
}

/** What a session comes to, and what made it, if that was not the session's own model. */
export type ReclusteredResult = LiveResultParts & Partial<Pick<DiarizationParts, 'model' | 'backend'>>;

/**
 * The result of `end({ recluster })`. With a diarizer, what it says of the session's audio; with `true`, or where the
 * audio is not whole, what clustering says of all that the session's own networks heard. The labels that were told stay.
 */
export async function reclusterAtEnd(
  recluster: true | RecordingDiarizer,
  session: EndedSession,
): Promise<ReclusteredResult> {
  const { tracker, audio, options } = session;
  if (recluster !== true && audio?.whole) return reclusterAudio(recluster, audio, session);
  const result = await session.paced(tracker.reclusteredWindows());
  if (recluster === true) return result;
  const message = `the session is longer than the ${options.keepAudio} s of audio that it keeps: it was clustered again without its audio`;
  return { ...result, warnings: [...result.warnings, { code: 'audio-forgotten', message }] };
}

/** The kept audio, diarized as a recording under the session's options. */
async function reclusterAudio(
  diarizer: RecordingDiarizer,
  audio: KeptAudio,
  { tracker, options, space, spent, signal }: EndedSession,
): Promise<ReclusteredResult> {
  const { maxSpeakers, known, falseNames } = options;
  const comparable = diarizer.manifest.space === space;
  const { turns, speakers, model, backend, timings, warnings } = await diarizer.diarize(audio.source(), {
    signal,
    maxSpeakers,
    known: comparable ? known : undefined,
    falseNames: comparable ? falseNames : undefined,
  });
  for (const stage of ['decode', 'model', 'cluster'] as const) spent[stage] += timings[stage];
  const result = tracker.reclusteredAs({ turns, speakers, keepNames: !comparable });
  const own = result.warnings.filter(({ code }) => warnings.every((warning) => warning.code !== code));
  return { ...result, model, backend, warnings: [...own, ...warnings] };
}
