import type { VoiceFlowError } from '../contract/errors.ts';
import { closedError, toFailure } from './session-checks.ts';

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
