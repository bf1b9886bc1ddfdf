import { MAX_AMPLITUDE } from '../audio/pipes.ts';
import { invalidOption, VoiceFlowError } from '../contract/errors.ts';

/** The calls of a session: they run in order, until the session has ended, failed or been closed. */
export class SessionCalls {
  readonly #whenOver: (error?: VoiceFlowError) => void;
  readonly #stop = new AbortController();
  /** The latest call; never rejects. */
  #latest: Promise<unknown> = Promise.resolve();
  /** Why no further call is accepted. Set whenever `#stop` has fired. */
  #over: VoiceFlowError | undefined;

  /** @param whenOver Called when the session has failed (with the error) or been closed. */
  constructor(whenOver: (error?: VoiceFlowError) => void) {
    this.#whenOver = whenOver;
  }

  /** Aborts when the session fails or is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** @throws The error of calls to a session that has ended, failed or been closed. */
  check(): void {
    if (this.#over) throw this.#over;
  }

  /** For work in progress. @throws If the session has failed or been closed. */
  checkRunning(): void {
    if (this.signal.aborted) throw this.#over;
  }

  /** Runs a call after all earlier ones. A failure ends the session. */
  run<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#latest.then(async () => {
      this.checkRunning();
      try {
        return await call();
      } catch (error) {
        this.fail(toFailure(error));
        throw this.#over;
      }
    });
    this.#latest = result.catch(() => {});
    return result;
  }

  /** Runs the call that ends the session. */
  runLast<T>(call: () => Promise<T>): Promise<T> {
    this.#over = closedError('end');
    return this.run(call);
  }

  fail(error: VoiceFlowError): void {
    if (this.signal.aborted) return;
    this.#over = error;
    this.#stop.abort(error);
    this.#whenOver(error);
  }

  /** Aborts the calls and waits for them. Their failure has already been thrown by the call that caused it. */
  async close(): Promise<void> {
    this.#over ??= closedError();
    this.#stop.abort();
    this.#whenOver();
    await this.#latest;
  }
}

/** Maximum seconds of unprocessed audio; beyond it, `push` is rejected. */
const MOST_WAITING = 60;
/** Maximum number of unread events: hours of conversation. */
const MOST_UNREAD = 65_536;

export function checkSamples(samples: unknown): void {
  if (!(samples instanceof Float32Array)) {
    throw invalidOption(`samples is of type ${typeof samples}, expected a mono Float32Array`);
  }
  let bad = 0;
  // The comparison also fails for NaN.
  while (bad < samples.length && Math.abs(samples[bad]!) <= MAX_AMPLITUDE) bad++;
  if (bad === samples.length) return;
  const message = `sample ${bad} of the push is ${samples[bad]}, expected finite numbers, about ±1 at full scale`;
  throw new VoiceFlowError('invalid-audio', message, { hint: 'this push was discarded' });
}

/** @param waiting Seconds of unprocessed audio. @param unread Number of unread events. @throws `overloaded`. */
export function checkBacklog(waiting: number, unread: number): void {
  const refuse = (message: string, hint: string) => {
    throw new VoiceFlowError('overloaded', message, { hint, retryAfter: 1 });
  };
  if (waiting > MOST_WAITING) {
    refuse(
      `${waiting.toFixed(0)} s of audio are not processed yet; the limit is ${MOST_WAITING} s`,
      'await each push before the next',
    );
  }
  if (unread > MOST_UNREAD) {
    refuse(
      `${unread} events are unread; the limit is ${MOST_UNREAD}`,
      'iterate over the session while audio is pushed',
    );
  }
}

export function toFailure(error: unknown): VoiceFlowError {
  if (VoiceFlowError.isInstance(error)) return error;
  return new VoiceFlowError('backend-failed', 'the live session failed', { cause: error });
}

export function noKeptAudioError(): VoiceFlowError {
  return invalidOption(
    'recluster is a diarizer, but the session keeps no audio for it',
    'open the session with keepAudio: seconds, or use recluster: true',
  );
}

/** @param by The call that ended the session. */
export function closedError(by: 'end' | 'close' = 'close'): VoiceFlowError {
  return new VoiceFlowError('closed', `the session was used after ${by}()`, { hint: 'open a new one' });
}
