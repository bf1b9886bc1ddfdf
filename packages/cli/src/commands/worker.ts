import process from 'node:process';
import type { AnyCommand } from '../command.ts';

/** Runs the worker program, which handles its own help, options and signals. */
export const worker: AnyCommand = {
  usage: '--database URL [--data DIR | --s3 BUCKET] [--workers N] …',
  details: [
    'Any number of workers can run, on any machines. On SIGTERM or Ctrl-C a worker finishes its jobs or returns them to the queue, then ends with exit code 0.',
  ],
  options: {},
  examples: [
    {
      command: 'voiceflow worker --database postgres://… --data /shared',
      does: 'audio in a folder that all workers share',
    },
    { command: 'voiceflow worker --database postgres://… --s3 calls --workers 4', does: 'audio in a bucket' },
  ],
  ownHelp: true,
  async execute(args, { handOverSignals }) {
    const { runWork } = await import('@voiceflow-ml/server/node');
    handOverSignals();
    process.exit(await runWork(args));
  },
};
