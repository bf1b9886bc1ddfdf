import {
  CONTAINER_BYTES,
  containerOf,
  type DiarizationSession,
  type Diarizer,
  pcmReader,
  VoiceFlowError,
} from 'voiceflow-ml/core';
import type { LiveChannel, LiveMessage, LiveRequest } from '../engine.ts';

/**
 * Opens a live session and sends its events, then its result or its error.
 * @throws `invalid-option`.
 */
export function openLive(
  diarizer: Pick<Diarizer, 'open'>,
  { encoding, ...options }: LiveRequest & { readonly keepUp: boolean },
  onMessage: (message: LiveMessage) => void,
): LiveChannel {
  const session = diarizer.open(options);
  const toSamples = pcmReader(encoding);
  const checkHead = headCheck(encoding);
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
        checkHead(bytes);
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

/**
 * Refuses recordings with a header: as PCM they would be noise, and the turns would be meaningless.
 * @throws `unsupported-format`.
 */
function headCheck(encoding: LiveRequest['encoding']): (bytes: Uint8Array) => void {
  const head = new Uint8Array(CONTAINER_BYTES);
  let filled = 0;
  return (bytes) => {
    if (filled === CONTAINER_BYTES) return;
    const more = bytes.subarray(0, CONTAINER_BYTES - filled);
    head.set(more, filled);
    filled += more.length;
    const container = filled < CONTAINER_BYTES ? undefined : containerOf(head);
    if (container === undefined) return;
    throw new VoiceFlowError(
      'unsupported-format',
      `the audio begins like a ${container}, expected raw ${encoding} samples`,
      { hint: 'Send samples without a file header; send whole recordings to /v1/diarize.' },
    );
  };
}

async function forward(session: DiarizationSession, emit: (message: LiveMessage) => void): Promise<void> {
  for await (const event of session) emit(event);
}

export function toMessage(error: unknown): LiveMessage {
  if (!VoiceFlowError.isInstance(error)) {
    return { type: 'error', code: 'backend-failed', message: 'the live session failed' };
  }
  const { code, message, hint } = error;
  return { type: 'error', code, message, hint };
}
