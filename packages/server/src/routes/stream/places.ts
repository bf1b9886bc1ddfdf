import { VoiceFlowError } from 'voiceflow-ml/core';
import type { OpenSession } from '../../state.ts';

/** When all places are in use, a session without audio for this long may be replaced by a new one. */
const SPARE_MS = 60_000;
/** Share of all places that the sessions of one API key may use. */
const KEY_SHARE = 0.75;

/**
 * Makes sure that there is a place for one more session.
 * @throws `overloaded` when all places are in use, or when this key uses its share.
 */
export function makeRoom(sessions: ReadonlySet<OpenSession>, limit: number, client: string | undefined): void {
  if (client !== undefined) {
    let count = 0;
    for (const session of sessions) if (session.client === client) count++;
    if (count >= Math.max(Math.ceil(limit * KEY_SHARE), 1)) {
      throw new VoiceFlowError('overloaded', `this key has ${count} open live sessions, which is its share`, {
        hint: 'Close one of them, or try again later.',
      });
    }
  }
  if (sessions.size < limit) return;
  let [spare] = sessions;
  for (const session of sessions) if (session.lastAudio < (spare?.lastAudio ?? 0)) spare = session;
  if (spare === undefined || performance.now() - spare.lastAudio < SPARE_MS) {
    throw new VoiceFlowError(
      'overloaded',
      `${sessions.size} live sessions are open on this server, which is the limit`,
      { hint: 'Try again later.' },
    );
  }
  spare.end('replaced');
}
