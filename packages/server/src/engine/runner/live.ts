import { type DiarizationSession, type Diarizer, pcmReader, VoiceFlowError } from 'voiceflow-ml/core';
import type { LiveChannel, LiveMessage, LiveRequest } from '../engine.ts';

/**
 * Opens a live session and tells its events, then its result or its error, each once.
 * @throws `invalid-option`.
 */
export function openLive(
  diarizer: Pick<Diarizer, 'open'>,
  { encoding, ...options }: LiveRequest & { readonly keepUp: boolean },
  onMessage: (message: LiveMessage) => void,
): LiveChannel {
  const session = diarizer.open(options);
  const toSamples = pcmReader(encoding);
  let over = false;
  const fail = (error: unknown) => {
    if (over) return;
    over = true;
    onMessage(toMessage(error));
    void session.close().catch(() => {});
  };
  const events = forward(session, (message) => {
    if (!over) onMessage(message);
  });
  events.catch(fail);
  return {
    push: async (bytes) => {
      if (over) return;
      try {
        const samples = toSamples(bytes);
        if (samples.length > 0) await session.push(samples);
      } catch (error) {
        fail(error);
      }
    },
    end: (endOptions) => {
      const finish = async () => {
        const result = await session.end(endOptions);
        await events;
        if (over) return;
        over = true;
        onMessage({ type: 'end', result: { ...result.toJSON(), labels: result.labels } });
        await session.close();
      };
      finish().catch(fail);
    },
    close: () => {
      over = true;
      void session.close().catch(() => {});
    },
  };
}

async function forward(session: DiarizationSession, tell: (message: LiveMessage) => void): Promise<void> {
  for await (const event of session) tell(event);
}

export function toMessage(error: unknown): LiveMessage {
  if (!VoiceFlowError.isInstance(error)) {
    return { type: 'error', code: 'backend-failed', message: 'the live session failed' };
  }
  const { code, message, hint } = error;
  return { type: 'error', code, message, hint };
}
