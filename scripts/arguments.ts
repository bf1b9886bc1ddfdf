import process from 'node:process';
import {
  asksForHelp,
  listOptions,
  type Options,
  type Parsed,
  parseOptions,
  UsageError,
} from '../packages/server/src/args/index.ts';

/** Parses the arguments of a script. `--help` lists the options; invalid arguments end the process with exit code 2. */
export function scriptArguments<O extends Options>(options: O): Parsed<O> {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) {
    console.log(listOptions(options).join('\n'));
    process.exit(0);
  }
  try {
    return parseOptions(args, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.hint === undefined ? error.message : `${error.message} (${error.hint})`);
    process.exit(2);
  }
}
