import { asksForHelp } from '@voiceflow-ml/server/args';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { BenchCommand, BenchIo } from './command.ts';
import { accuracyCommand } from './commands/accuracy.ts';
import { backends } from './commands/backends.ts';
import { calibrate } from './commands/calibrate.ts';
import { cpu } from './commands/cpu.ts';
import { drain } from './commands/drain.ts';
import { e2e } from './commands/e2e.ts';
import { live } from './commands/live.ts';
import { load } from './commands/load.ts';
import { naming } from './commands/naming.ts';
import { people } from './commands/people.ts';
import { report } from './commands/report.ts';
import { scaling } from './commands/scaling.ts';
import { soak } from './commands/soak.ts';

/** The commands of `npm run bench --`, by name. */
export const benchCommands: Readonly<Record<string, BenchCommand>> = {
  cpu,
  load,
  e2e,
  backends,
  accuracy: accuracyCommand,
  live,
  naming,
  people,
  calibrate,
  report,
  scaling,
  drain,
  soak,
};

/**
 * Runs `npm run bench -- ARGS`. Returns the exit code: 0 done, 1 a missed target or an error, 2 wrong usage, 130
 * interrupted.
 */
export async function runBench(args: readonly string[], io: BenchIo = processIo()): Promise<number> {
  const [name = 'report', ...rest] = isReport(args) ? ['report', ...args] : args;
  const command = benchCommands[name];
  if (command === undefined) {
    const wanted = name === '--help' || name === 'help';
    (wanted ? io.out : io.note)(`${wanted ? '' : `there is no bench ${name}\n\n`}${usage()}`);
    return wanted ? 0 : 2;
  }
  if (asksForHelp(rest)) {
    io.out(command.help(name));
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (io.signal?.aborted) return 130;
    if (isSystemError(error)) {
      io.note(`npm run bench -- ${name}: ${error.message}`);
      return 1;
    }
    if (!VoiceFlowError.isInstance(error)) throw error;
    io.note(`npm run bench -- ${name}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`);
    return error.code === 'invalid-option' ? 2 : 1;
  }
}

/** Whether the operating system refused something, such as a file that does not exist. Other errors are defects. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** `npm run bench` and `npm run bench -- --docs` run the whole report. */
function isReport([first]: readonly string[]): boolean {
  return first === undefined || (first.startsWith('--') && first !== '--help');
}

function usage(): string {
  const lines = Object.entries(benchCommands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `npm run bench -- COMMAND [options]\n\n${lines.join('\n')}\n\nnpm run bench -- COMMAND --help describes a command.`;
}

export function processIo(signal?: AbortSignal): BenchIo {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    signal,
  };
}
