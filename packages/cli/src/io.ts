import type { WriteStream } from 'node:tty';
import { codeOf, explainSystemError, FileError } from './errors.ts';

/** What a stream can show. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Characters a line. */
  readonly columns: number;
  /** Bits of colour: 1 for none, 4, 8 or 24. `NO_COLOR` and `FORCE_COLOR` count. */
  readonly colorDepth: number;
  /** Whether block characters may be drawn; else ASCII. */
  readonly unicode: boolean;
}

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

const DEFAULT_COLUMNS = 80;

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

function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    columns: stream.columns > 0 ? stream.columns : Number(process.env.COLUMNS) || DEFAULT_COLUMNS,
    colorDepth: colorDepth(isTerminal ? (stream as WriteStream) : undefined, process.env),
    unicode: speaksUnicode(process.env, process.platform),
  };
}

/** @param terminal Absent where the stream is none. */
export function colorDepth(
  terminal: { getColorDepth(env?: object): number } | undefined,
  env: Readonly<Record<string, string | undefined>>,
): number {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '' && forced !== '0') return { '2': 8, '3': 24 }[forced] ?? 4;
  if (env.NO_COLOR || terminal === undefined || forced === '0') return 1;
  return terminal.getColorDepth(env);
}

/** The locale says so on Unix; Windows' terminals of the last years do. */
export function speaksUnicode(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  if (platform === 'win32') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (env.TERM === 'linux') return false;
  return /utf-?8/i.test(locale) || (platform === 'darwin' && locale === '');
}
