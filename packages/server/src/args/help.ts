import { flag, type Option, type Options } from './options.ts';

const INDENT = '  ';
/** Width of the column of options. The help text of a longer option begins on the next line. */
const WIDEST_OPTION = 34;

const HELP = { ...flag('show this help'), short: 'h' };

/** Whether the options contain `--help` or `-h`. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

/** The options as lines of help text. @param width Columns. */
export function listOptions(options: Options, width = 100): string[] {
  const all = Object.entries<Option<unknown>>({ ...options, help: HELP });
  const rows = all.map(([name, { value, short, env, help }]) => ({
    left: `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    right: env === undefined ? help : `${help} [${env}]`,
  }));
  const column = Math.min(WIDEST_OPTION, Math.max(...rows.map(({ left }) => left.length)) + 2);
  return rows.flatMap(({ left, right }) => {
    const lines = wrap(right, width - column - INDENT.length);
    if (left.length + 2 > column) lines.unshift('');
    return lines.map((line, i) => `${INDENT}${(i === 0 ? left : '').padEnd(column)}${line}`.trimEnd());
  });
}

/** Wraps a paragraph to lines of `width` columns, at least 20. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > Math.max(20, width)) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
