import { VoiceFlowError } from 'voiceflow-ml/core';
import type { BenchCommand, BenchIo } from './args.ts';
import { accuracyCommand } from './commands/accuracy.ts';
import { backends } from './commands/backends.ts';
import { calibrate } from './commands/calibrate.ts';
import { cpu } from './commands/cpu.ts';
import { e2e } from './commands/e2e.ts';
import { live } from './commands/live.ts';
import { load } from './commands/load.ts';
import { report } from './commands/report.ts';
import { scaling } from './commands/scaling.ts';

/** What `voiceflow bench` offers, by name. */
export const benchCommands: Readonly<Record<string, BenchCommand>> = {
  cpu,
  load,
  e2e,
  backends,
  accuracy: accuracyCommand,
  live,
  calibrate,
  report,
  scaling,
};

/** Runs `voiceflow bench ARGS`; gives the exit code: 0 done, 1 a promise missed or an error, 2 wrong usage, 130 interrupted. */
export async function runBench(args: readonly string[], io: BenchIo = processIo()): Promise<number> {
  const [name, ...rest] = args;
  const command = name === undefined ? undefined : benchCommands[name];
  if (command === undefined) {
    const wanted = name === undefined || name === '--help' || name === 'help';
    (wanted ? io.out : io.note)(`${wanted ? '' : `there is no bench ${name}\n\n`}${usage()}`);
    return wanted && name !== undefined ? 0 : 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help);
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (io.signal?.aborted) return 130;
    if (!VoiceFlowError.isInstance(error)) throw error;
    io.note(`voiceflow bench ${name}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`);
    return error.code === 'invalid-option' ? 2 : 1;
  }
}

function usage(): string {
  const lines = Object.entries(benchCommands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `voiceflow bench COMMAND [options]\n\n${lines.join('\n')}\n\nvoiceflow bench COMMAND --help tells more.`;
}

export function processIo(signal?: AbortSignal): BenchIo {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    ...(signal === undefined ? {} : { signal }),
  };
}
