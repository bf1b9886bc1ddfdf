import type { LiveOptions, RecordingDiarizer } from '../contract/live.ts';
import { abortable } from '../contract/on-abort.ts';
import type { DiarizationParts } from '../contract/result.ts';
import type { Steps } from '../stages/steps.ts';
import type { KeptAudio } from './kept-audio.ts';
import type { LiveResultParts } from './result.ts';
import type { LiveTracker } from './tracker.ts';

/** A session that has ended. */
interface EndedSession {
  readonly tracker: LiveTracker;
  readonly audio: KeptAudio | undefined;
  readonly options: LiveOptions;
  /** Space of the session's embeddings and known voices, which cannot be compared with those of other spaces. */
  readonly space: string;
  /** Milliseconds spent; those of another diarizer are added. */
  readonly spent: Record<'decode' | 'model' | 'cluster', number>;
  readonly signal: AbortSignal;
  paced<T>(steps: Steps<T>): Promise<T>;
}

/** The result of a session, with model and backend if they are not the session's own. */
type ReclusteredResult = LiveResultParts & Partial<Pick<DiarizationParts, 'model' | 'backend'>>;

/**
 * Computes the result of `end({ recluster })`. A diarizer processes the kept audio; with `true`, or if the kept audio
 * is incomplete, the recorded outputs of the session's networks are clustered again. Speakers keep their live labels.
 */
export async function reclusterAtEnd(
  recluster: true | RecordingDiarizer,
  session: EndedSession,
): Promise<ReclusteredResult> {
  const { tracker, audio, options } = session;
  if (recluster !== true && audio?.whole && !audio.empty) return reclusterAudio(recluster, audio, session);
  const result = await session.paced(tracker.reclusteredWindows());
  if (recluster === true || audio?.empty) return result;
  const message = `the session is longer than the ${options.keepAudio} s of audio that it keeps; it was re-clustered without it`;
  return { ...result, warnings: [...result.warnings, { code: 'audio-forgotten', message }] };
}

/** Diarizes the kept audio as a recording, with the session's options. */
async function reclusterAudio(
  diarizer: RecordingDiarizer,
  audio: KeptAudio,
  { tracker, options, space, spent, signal }: EndedSession,
): Promise<ReclusteredResult> {
  const { maxSpeakers, known, falseNames } = options;
  const comparable = diarizer.manifest.space === space;
  const recording = diarizer.diarize(audio.source(), {
    signal,
    maxSpeakers,
    known: comparable ? known : undefined,
    falseNames: comparable ? falseNames : undefined,
  });
  const { turns, speakers, model, backend, timings, warnings } = await abortable(recording, signal);
  for (const stage of ['decode', 'model', 'cluster'] as const) spent[stage] += timings[stage];
  const result = tracker.reclusteredAs({ turns, speakers, keepNames: !comparable });
  const own = result.warnings.filter(({ code }) => warnings.every((warning) => warning.code !== code));
  return { ...result, model, backend, warnings: [...own, ...warnings] };
}
