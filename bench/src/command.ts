import {
  listOptions,
  type Option,
  type Options,
  parseOptions,
  UsageError,
  unexpected,
  type Values,
} from '@voiceflow-ml/server/args';

/** A command's outputs, and the signal that stops it. */
export interface BenchIo {
  /** Results. */
  out(text: string): void;
  /** Progress and notes. */
  note(text: string): void;
  readonly signal?: AbortSignal;
}

/** One `bench` command. `run` resolves with the exit code. */
export interface BenchCommand {
  readonly summary: string;
  /** @param name The name of the command on the command line. */
  help(name: string): string;
  run(args: readonly string[], io: BenchIo): Promise<number>;
}

/** Makes a command whose help and parsing use the same definitions of options. */
export function command<O extends Options>(spec: {
  readonly summary: string;
  /**
   * Name of the positional arguments in the usage, such as `FOLDER…`; at least one is then required. Absent: none are
   * accepted.
   */
  readonly words?: string;
  /** Help text after the usage, before the options. */
  readonly about?: string;
  readonly options: O;
  /** Help text after the options. */
  readonly notes?: string;
  /** Resolves with the exit code (1: a target was missed); any other value means 0. */
  run(values: Values<O>, io: BenchIo, words: readonly string[]): Promise<unknown>;
}): BenchCommand {
  const { summary, words, about, options, notes } = spec;
  return {
    summary,
    help: (name) =>
      [
        `npm run bench -- ${name} ${words === undefined ? '' : `${words} `}[options]`,
        about,
        listOptions(options).join('\n'),
        notes,
      ]
        .filter((part) => part !== undefined)
        .join('\n\n'),
    async run(args, io) {
      const { values, positionals } = parseOptions(args, options);
      const [first] = positionals;
      if (words !== undefined && first === undefined) throw new UsageError(`${words} is missing`);
      if (words === undefined && first !== undefined) throw new UsageError(`"${first}" is no option`);
      const code = await spec.run(values, io, positionals);
      return typeof code === 'number' ? code : 0;
    },
  };
}

/** An option that parses `a.b=1,c=2` to `{ 'a.b': 1, c: 2 }`. */
export function settings(help: string): Option<Readonly<Record<string, number>>> {
  return {
    value: 'A=1,B=2',
    help,
    read: (text = '', name) =>
      Object.fromEntries(
        text
          .split(',')
          .filter((part) => part !== '')
          .map((part) => {
            const [path = '', number = ''] = part.split('=');
            if (path !== '' && number.trim() !== '' && Number.isFinite(Number(number))) return [path, Number(number)];
            throw unexpected(name, part, 'path=number');
          }),
      ),
  };
}
