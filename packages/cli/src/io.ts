import { codeOf, explainSystemError, FileError } from './errors.ts';
import { type Screen, screenOf } from './screen.ts';

/** The process's streams: results go to `out`, everything else to `err`. */
export interface Io {
  readonly screen: Screen;
  readonly errorScreen: Screen;
  /**
   * Writes results to stdout, and waits until they are taken.
   * @throws FileError when they cannot be written. A reader that has gone is none: it stops the work by its signal.
   */
  out(text: string): Promise<void>;
  /** Writes to stderr as it is. */
  err(text: string): void;
}

/** @param onReaderGone Called once stdout's reader has closed it (`voiceflow … | head -1`). */
export function processIo(onReaderGone: () => void): Io {
  const fail = (error: Error): void => {
    if (isReaderGone(error)) onReaderGone();
  };
  // Without a listener an error event would end the process with a stack trace. The callback of `write` tells `out`.
  process.stdout.on('error', fail);
  process.stderr.on('error', () => {});
  return {
    screen: screenOf(process.stdout),
    errorScreen: screenOf(process.stderr),
    err: (text) => void process.stderr.write(text),
    out: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          if (!error || isReaderGone(error)) resolve();
          else reject(new FileError(`cannot write to standard output: ${explainSystemError(error)}`, { cause: error }));
        });
      }),
  };
}

function isReaderGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
