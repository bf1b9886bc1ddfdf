import {
  listOptions,
  type Option,
  type Options,
  parseOptions,
  UsageError,
  unexpected,
  type Values,
} from '@voiceflow-ml/server/args';

/** Where a command writes, and what may stop it. */
export interface BenchIo {
  /** Results. */
  out(text: string): void;
  /** Progress and remarks. */
  note(text: string): void;
  readonly signal?: AbortSignal;
}

/** One `bench` command: what it is called with, and the exit code it ends with. */
export interface BenchCommand {
  readonly summary: string;
  /** @param name Under which it is called. */
  help(name: string): string;
  run(args: readonly string[], io: BenchIo): Promise<number>;
}

/** A command that reads its options by what its help says of them. */
export function command<O extends Options>(spec: {
  readonly summary: string;
  /** What stands before the options, such as `FOLDER…`: one word at least. Absent: no words are taken. */
  readonly words?: string;
  /** Behind the usage, before the options. */
  readonly about?: string;
  readonly options: O;
  /** Behind the options. */
  readonly notes?: string;
  /** Resolves with the exit code (1: a promise was missed), or with something else for 0. */
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

/** `a.b=1,c=2` as `{ 'a.b': 1, c: 2 }`. */
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
