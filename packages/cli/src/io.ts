import { isReaderGone, outliveReaders } from '@voiceflow-ml/server/args';
import { explainSystemError, FileError } from './errors.ts';
import { printable } from './printable.ts';
import { type Screen, screenOf } from './screen.ts';

/** The process's streams: results go to `out`, everything else to `err`. */
export interface Io {
  readonly screen: Screen;
  readonly errorScreen: Screen;
  /**
   * Writes results to stdout and waits until they are written. On a terminal, control characters are replaced.
   * @param drawn The text is the program's own and may contain color codes: it is not filtered.
   * @throws FileError when writing fails. A reader that closed stdout is not an error: it fires the command's signal.
   */
  out(text: string, drawn?: 'drawn'): Promise<void>;
  /** Writes to stderr. Control characters are replaced unless the text is `drawn`. */
  err(text: string, drawn?: 'drawn'): void;
}

/** @param onReaderGone Called when the reader of stdout closes it (`voiceflow … | head -1`). */
export function processIo(onReaderGone: () => void): Io {
  outliveReaders(onReaderGone);
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
