import type { OptionSpec } from './args/options.ts';
import type { AnyCommand, CommandEntry } from './command.ts';
import { type Paint, paintFor } from './render/palette.ts';
import type { Screen } from './screen.ts';

const WIDEST = 100;
const INDENT = '  ';
const EXIT_CODES = 'Exit codes: 0 done, 1 a file or its content was no good, 2 called wrongly, 130 interrupted.';

/** What `voiceflow --help` says. */
export function overview(commands: readonly CommandEntry[], screen: Screen): string {
  const paint = paintFor(screen.colorDepth);
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const list = commands.map(({ name, summary }) => `${INDENT}${paint.bold(name.padEnd(width))}${summary}`);
  return `${[
    `${paint.bold('voiceflow')}: who spoke when`,
    '',
    heading('Usage', paint),
    `${INDENT}voiceflow COMMAND [options]`,
    '',
    heading('Commands', paint),
    ...list,
    '',
    heading('Examples', paint),
    `${INDENT}voiceflow diarize meeting.wav`,
    `${INDENT}voiceflow diarize recordings/ --format rttm --out results`,
    `${INDENT}voiceflow diarize --help`,
    '',
    'Results go to standard output, everything else to standard error. NO_COLOR turns colours off.',
    EXIT_CODES,
  ].join('\n')}\n`;
}

/** What `voiceflow COMMAND --help` says. */
export function commandHelp(command: AnyCommand, screen: Screen): string {
  const paint = paintFor(screen.colorDepth);
  const width = Math.min(WIDEST, Math.max(40, screen.columns));
  const lines = [
    `${paint.bold(`voiceflow ${command.name}`)}: ${command.summary}`,
    '',
    heading('Usage', paint),
    `${INDENT}voiceflow ${command.name} ${command.usage}`,
  ];
  for (const paragraph of command.details ?? []) lines.push('', ...wrap(paragraph, width));
  const options = [...Object.entries(command.options), ['help', HELP] as const];
  const signatures = options.map(([name, spec]) => signature(name, spec));
  const column = Math.min(34, Math.max(...signatures.map((text) => text.length)) + 2);
  lines.push('', heading('Options', paint));
  options.forEach(([, spec], i) => {
    const left = signatures[i] ?? '';
    const [first = '', ...rest] = wrap(spec.help, width - column - INDENT.length);
    if (left.length + 2 > column) lines.push(`${INDENT}${left}`, `${INDENT}${' '.repeat(column)}${first}`);
    else lines.push(`${INDENT}${left.padEnd(column)}${first}`);
    lines.push(...rest.map((line) => `${INDENT}${' '.repeat(column)}${line}`));
  });
  lines.push('', heading('Examples', paint));
  for (const { command: example, does } of command.examples) {
    lines.push(`${INDENT}${paint.faint(`# ${does}`)}`, `${INDENT}${example}`);
  }
  return `${lines.join('\n')}\n`;
}

const HELP: OptionSpec = { kind: 'flag', short: 'h', help: 'show this help' };

function signature(name: string, spec: OptionSpec): string {
  const value = spec.kind === 'flag' ? '' : spec.kind === 'choice' ? ` ${spec.choices.join('|')}` : ` ${spec.value}`;
  return `${spec.short === undefined ? '' : `-${spec.short}, `}--${name}${value}`;
}

function heading(text: string, paint: Paint): string {
  return paint.bold(text);
}

function wrap(text: string, width: number): string[] {
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
