import type { AnyCommand } from '../command.ts';
import { UsageError } from '../errors.ts';

/** Hands over to the measurements, which are part of the repository and not of what people install. */
export const bench: AnyCommand = {
  name: 'bench',
  usage: 'cpu | load | e2e | backends | accuracy | report [options]',
  summary: 'measurements: the network, the server, end to end, accuracy, one report',
  details: [
    'cpu: one network alone. load: a server, closed and open loop, live sessions. e2e: through a simulated network. backends: native and WASM on Node, Bun and Deno. accuracy: DER of folders. report: all of it. Each has its own --help.',
  ],
  options: {},
  examples: [
    { command: 'voiceflow bench cpu --iterations 200', does: 'the embedded network, one thread' },
    { command: 'voiceflow bench load --requests 2000 --concurrency 20', does: 'a server of its own under 20 clients' },
    { command: 'voiceflow bench e2e --rtt 10-40 --loss 0.1', does: 'end to end over a simulated network' },
    { command: 'voiceflow bench report', does: 'everything, about ten minutes' },
  ],
  ownHelp: true,
  async execute(args, { io, signal }) {
    const { runBench } = await import('@voiceflow-ml/bench').catch((cause: unknown) => {
      const message = 'the measurements are not installed';
      throw Object.assign(new UsageError(message, 'they are part of the repository: clone it, npm run build'), {
        cause,
      });
    });
    let written = Promise.resolve();
    const code = await runBench(args, {
      out: (text) => {
        written = written.then(() => io.out(`${text}\n`));
      },
      note: (text) => io.err(`${text}\n`),
      signal,
    });
    await written;
    return code;
  },
};
