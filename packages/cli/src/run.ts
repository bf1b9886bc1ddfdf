import { inspect } from 'node:util';
import { asksForHelp, didYouMean, UsageError } from '@voiceflow-ml/server/args';
import type { CommandEntry, Context } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, explain, isAbort } from './errors.ts';
import { commandHelp, overview } from './help.ts';
import { version } from './version.ts';

/**
 * Runs the command line.
 * @param args The arguments after `voiceflow`.
 * @returns The exit code. Errors have been printed on stderr.
 */
export async function run(args: readonly string[], context: Context): Promise<number> {
  const { io, signal } = context;
  try {
    return await dispatch(args, context);
  } catch (error) {
    // Ctrl-C and a closed standard output need no message.
    if (signal.aborted && isAbort(error)) return EXIT.done;
    io.err(`voiceflow: ${explain(error)}\n`);
    if (process.env.VOICEFLOW_DEBUG) io.err(`${inspect(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    context.io.err(overview(COMMANDS, context.io.errorScreen), 'drawn');
    return EXIT.usage;
  }
  if (name === '--version' || name === '-V') {
    await context.io.out(`${version()}\n`);
    return EXIT.done;
  }
  if (name === '--help' || name === '-h' || name === 'help') return help(rest, context);
  const entry = find(name);
  return asksForHelp(rest) ? helpOf(entry, context) : (await entry.load()).execute(rest, context);
}

async function help([name]: readonly string[], context: Context): Promise<number> {
  if (name !== undefined) return helpOf(find(name), context);
  await context.io.out(overview(COMMANDS, context.io.screen), 'drawn');
  return EXIT.done;
}

async function helpOf(entry: CommandEntry, context: Context): Promise<number> {
  const command = await entry.load();
  await context.io.out(commandHelp(entry, command, context.io.screen), 'drawn');
  if (!command.ownHelp) return EXIT.done;
  await context.io.out('\n');
  return command.execute(['--help'], context);
}

function find(name: string): CommandEntry {
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry !== undefined) return entry;
  if (name.startsWith('-'))
    throw new UsageError(`unknown option ${name}`, 'Options follow a command; see voiceflow --help');
  // A name with a dot or a slash is the path of a recording rather than a misspelled command.
  const otherwise = /[./\\]/.test(name)
    ? `Did you mean voiceflow diarize ${name}?`
    : 'See voiceflow --help for the commands';
  const names = COMMANDS.map((command) => command.name);
  throw new UsageError(`there is no command "${name}"`, didYouMean(name, names, otherwise, 'voiceflow '));
}
