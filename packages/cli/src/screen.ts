import type { WriteStream } from 'node:tty';

/** What an output stream can display. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Characters per line. */
  readonly columns: number;
  /** Color depth in bits: 1 for none, 4, 8 or 24. Respects `NO_COLOR` and `FORCE_COLOR`. */
  readonly colorDepth: number;
  /** Whether to draw with block characters instead of ASCII. */
  readonly unicode: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_COLUMNS = 80;

/** What one of the process's own streams can display. */
export function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    columns: stream.columns > 0 ? stream.columns : Number(process.env.COLUMNS) || DEFAULT_COLUMNS,
    colorDepth: colorDepth(isTerminal ? (stream as WriteStream) : undefined, process.env),
    unicode: speaksUnicode(process.env, process.platform),
  };
}

/** @param terminal Absent when the stream is not a terminal. */
export function colorDepth(terminal: { getColorDepth(env?: object): number } | undefined, env: Environment): number {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '' && forced !== '0') return { '2': 8, '3': 24 }[forced] ?? 4;
  if (env.NO_COLOR || terminal === undefined || forced === '0') return 1;
  return terminal.getColorDepth(env);
}

/** On Unix the locale decides. Recent Windows terminals support Unicode. */
export function speaksUnicode(env: Environment, platform: string): boolean {
  if (platform === 'win32') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (env.TERM === 'linux') return false;
  return /utf-?8/i.test(locale) || (platform === 'darwin' && locale === '');
}
