import { type Options, parseOptions, type Values } from '@voiceflow-ml/server/args';
import type { Io } from './io.ts';

/** What a command works with beside its arguments. */
export interface Context {
  readonly io: Io;
  /** Fires on Ctrl-C and when whoever reads the output has gone. */
  readonly signal: AbortSignal;
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

/** One of `voiceflow`'s commands: what the help says, and what it does. */
export interface Command<O extends Options = Options> {
  /** After the name, such as `FILE… [options]`. */
  readonly usage: string;
  /** Further paragraphs of the help. */
  readonly details?: readonly string[];
  readonly options: O;
  readonly examples: readonly Example[];
  /**
   * @returns The exit code.
   * @throws UsageError, FileError or VoiceFlowError, which end as one line on stderr.
   */
  run(values: Values<O>, positionals: readonly string[], context: Context): Promise<number>;
}

/** A command in the table of commands: its module is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<AnyCommand>;
}

/** A command whose options have been forgotten; made by `defineCommand`, which keeps them together with `run`. */
export interface AnyCommand extends Omit<Command, 'run'> {
  /** It hands over to a program with options of its own, which answers `--help` itself. */
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
