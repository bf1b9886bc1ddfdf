import type { WriteStream } from 'node:tty';

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

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_COLUMNS = 80;

/** What can be shown on one of the process's own streams. */
export function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    columns: stream.columns > 0 ? stream.columns : Number(process.env.COLUMNS) || DEFAULT_COLUMNS,
    colorDepth: colorDepth(isTerminal ? (stream as WriteStream) : undefined, process.env),
    unicode: speaksUnicode(process.env, process.platform),
  };
}

/** @param terminal Absent where the stream is none. */
export function colorDepth(terminal: { getColorDepth(env?: object): number } | undefined, env: Environment): number {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '' && forced !== '0') return { '2': 8, '3': 24 }[forced] ?? 4;
  if (env.NO_COLOR || terminal === undefined || forced === '0') return 1;
  return terminal.getColorDepth(env);
}

/** The locale says so on Unix; Windows' terminals of the last years do. */
export function speaksUnicode(env: Environment, platform: string): boolean {
  if (platform === 'win32') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (env.TERM === 'linux') return false;
  return /utf-?8/i.test(locale) || (platform === 'darwin' && locale === '');
}
