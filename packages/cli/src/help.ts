import { listOptions, wrap } from '@voiceflow-ml/server/args';
import type { AnyCommand, CommandEntry } from './command.ts';
import { paintFor } from './render/palette.ts';
import type { Screen } from './screen.ts';

const WIDEST = 100;
const INDENT = '  ';
const EXIT_CODES = 'Exit codes: 0 success, 1 a file or its content was unusable, 2 wrong usage, 130 interrupted.';

export function overview(commands: readonly CommandEntry[], screen: Screen): string {
  const paint = paintFor(screen.colorDepth);
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const list = commands.map(({ name, summary }) => `${INDENT}${paint.bold(name.padEnd(width))}${summary}`);
  return `${[
    `${paint.bold('voiceflow')}: who spoke when`,
    '',
    paint.bold('Usage'),
    `${INDENT}voiceflow COMMAND [options]`,
    '',
    paint.bold('Commands'),
    ...list,
    '',
    paint.bold('Examples'),
    `${INDENT}voiceflow diarize meeting.wav`,
    `${INDENT}voiceflow diarize recordings/ --format rttm --out results`,
    `${INDENT}voiceflow diarize --help`,
    `${INDENT}voiceflow --version`,
    '',
    'Results go to standard output, everything else to standard error. NO_COLOR disables colors.',
    EXIT_CODES,
  ].join('\n')}\n`;
}

export function commandHelp({ name, summary }: CommandEntry, command: AnyCommand, screen: Screen): string {
  const paint = paintFor(screen.colorDepth);
  const width = Math.min(WIDEST, Math.max(40, screen.columns));
  const lines = [
    `${paint.bold(`voiceflow ${name}`)}: ${summary}`,
    '',
    paint.bold('Usage'),
    `${INDENT}voiceflow ${name} ${command.usage}`,
  ];
  for (const paragraph of command.details ?? []) lines.push('', ...wrap(paragraph, width));
  if (!command.ownHelp) lines.push('', paint.bold('Options'), ...listOptions(command.options, width));
  lines.push('', paint.bold('Examples'));
  for (const { command: example, does } of command.examples) {
    lines.push(`${INDENT}${paint.faint(`# ${does}`)}`, `${INDENT}${example}`);
  }
  return `${lines.join('\n')}\n`;
}
