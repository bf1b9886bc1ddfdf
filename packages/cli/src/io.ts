import { codeOf, explainSystemError, FileError } from './errors.ts';
import { printable } from './printable.ts';
import { type Screen, screenOf } from './screen.ts';

/** The process's streams: results go to `out`, everything else to `err`. */
export interface Io {
  readonly screen: Screen;
  readonly errorScreen: Screen;
  /**
   * Writes results to stdout, and waits until they are taken. On a terminal, what it would obey is replaced.
   * @param drawn Of our own making, colours and all: goes to a terminal as it is.
   * @throws FileError when they cannot be written. A reader that has gone is none: it stops the work by its signal.
   */
  out(text: string, drawn?: 'drawn'): Promise<void>;
  /** Writes to stderr; what a terminal would obey is replaced, unless it is `drawn`. */
  err(text: string, drawn?: 'drawn'): void;
}

/** @param onReaderGone Called once stdout's reader has closed it (`voiceflow … | head -1`). */
export function processIo(onReaderGone: () => void): Io {
  const fail = (error: Error): void => {
    if (isReaderGone(error)) onReaderGone();
  };
  // Without a listener an error event would end the process with a stack trace. The callback of `write` tells `out`.
  process.stdout.on('error', fail);
  process.stderr.on('error', () => {});
  const screen = screenOf(process.stdout);
  return {
    screen,
    errorScreen: screenOf(process.stderr),
    err: (text, drawn) => void process.stderr.write(drawn ? text : printable(text, true)),
    out: (text, drawn) =>
      new Promise((resolve, reject) => {
        process.stdout.write(drawn || !screen.isTerminal ? text : printable(text, true), (error) => {
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
