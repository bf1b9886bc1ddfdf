import { VoiceFlowError } from 'voiceflow-ml/core';
import type { OpenSession } from '../../state.ts';

/** A session without audio for so long gives its place to another, where there is no other. */
const SPARE_MS = 60_000;
/** Of all places, what the sessions of one key may take. */
const KEY_SHARE = 0.75;

/**
 * Sees to a place for one more session.
 * @throws `overloaded` when all are in use, or as many by this key as its share is.
 */
export function makeRoom(sessions: ReadonlySet<OpenSession>, limit: number, client: string | undefined): void {
  if (client !== undefined) {
    let own = 0;
    for (const session of sessions) if (session.client === client) own++;
    if (own >= Math.max(Math.ceil(limit * KEY_SHARE), 1)) {
      throw new VoiceFlowError('overloaded', `${own} live sessions of this key are open, which is its share`, {
        hint: 'End one of them, or try again later.',
      });
    }
  }
  if (sessions.size < limit) return;
  let [spare] = sessions;
  for (const session of sessions) if (session.lastAudio < (spare?.lastAudio ?? 0)) spare = session;
  if (spare === undefined || performance.now() - spare.lastAudio < SPARE_MS) {
    throw new VoiceFlowError('overloaded', `${sessions.size} live sessions are open, which is the limit`, {
      hint: 'Try again later.',
    });
  }
  spare.end('replaced');
}
