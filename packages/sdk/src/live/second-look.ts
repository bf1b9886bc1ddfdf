import type { LiveOptions, RecordingDiarizer } from '../contract/live.ts';
import type { Diarization } from '../contract/result.ts';
import type { Warning } from '../contract/warnings.ts';
import type { KeptAudio } from './kept-audio.ts';
import type { Found } from './result.ts';

/** What a diarizer says of a session's audio. */
export interface SecondLook extends Found, Pick<Diarization, 'model' | 'backend' | 'timings' | 'warnings'> {}

/**
 * The kept audio of a session, diarized as a recording under the session's options.
 * @param space Of the session's embeddings: known voices mean nothing in another.
 */
export async function secondLook(
  diarizer: RecordingDiarizer,
  audio: KeptAudio,
  { maxSpeakers, known, falseNames }: LiveOptions,
  { space, signal }: { readonly space: string; readonly signal: AbortSignal },
): Promise<SecondLook> {
  const comparable = diarizer.manifest.space === space;
  const found = await diarizer.diarize(audio.source(), {
    signal,
    maxSpeakers,
    known: comparable ? known : undefined,
    falseNames: comparable ? falseNames : undefined,
  });
  const { turns, speakers, model, backend, timings, warnings } = found;
  return { turns, speakers, model, backend, timings, warnings, keepNames: !comparable };
}

/** That a session is clustered again from what its network said, since its audio is not whole. */
export function forgottenWarning(seconds: number | undefined): Warning {
  const message = `the session is longer than the ${seconds} s of audio that it keeps: it was clustered again without its audio`;
  return { code: 'audio-forgotten', message };
}
