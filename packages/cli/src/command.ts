import { type Options, parseOptions, type Values } from '@voiceflow-ml/server/args';
import type { Io } from './io.ts';

/** What a command uses besides its arguments. */
export interface Context {
  readonly io: Io;
  /** Fires on Ctrl-C, and when the reader of standard output closes it. */
  readonly signal: AbortSignal;
  /**
   * Stops the handling of signals by the command line. A program that handles them itself must be called in the same
   * turn of the event loop, so that no signal is lost in between.
   * @throws `aborted` if a signal has arrived already.
   */
  handOverSignals(): void;
}

interface Example {
  readonly command: string;
  readonly does: string;
}

/** One of `voiceflow`'s commands: its help texts and its program. */
interface Command<O extends Options = Options> {
  /** The usage line after the command's name, such as `FILE… [options]`. */
  readonly usage: string;
  /** Further paragraphs of the help. */
  readonly details?: readonly string[];
  readonly options: O;
  readonly examples: readonly Example[];
  /**
   * @returns The exit code.
   * @throws UsageError, FileError or VoiceFlowError; each is printed as one line on stderr.
   */
  run(values: Values<O>, positionals: readonly string[], context: Context): Promise<number>;
}

/** A command in the table of commands. Its module is loaded when the command is run. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<AnyCommand>;
}

/** A command without the type of its options. `defineCommand` makes it and binds the options to `run`. */
export interface AnyCommand extends Omit<Command, 'run'> {
  /** The command runs another program, which parses its own options and handles `--help` itself. */
  readonly ownHelp?: boolean;
  execute(args: readonly string[], context: Context): Promise<number>;
}

export function defineCommand<O extends Options>(command: Command<O>): AnyCommand {
  const { run, ...described } = command;
  return {
    ...described,
    execute: (args, context) => {
      const { values, positionals } = parseOptions(args, command.options);
      return run(values, positionals, context);
    },
  };
}
