import process from 'node:process';
import type { AnyCommand } from '../command.ts';

/** Runs the server program, which handles its own help, options and signals. */
export const serve: AnyCommand = {
  usage: '[--host] [--port] [--workers] [--model] …',
  details: [
    'On SIGTERM or Ctrl-C the server stops accepting requests, finishes those it has accepted, and ends with exit code 0.',
  ],
  options: {},
  examples: [
    { command: 'voiceflow serve', does: 'serves on http://127.0.0.1:8080' },
    { command: 'VOICEFLOW_API_KEYS=me:… voiceflow serve --host 0.0.0.0', does: 'for other machines, with an API key' },
  ],
  ownHelp: true,
  async execute(args) {
    const code = await (await program())([...args]);
    // A signal is the normal way to stop a server, so the exit code is the server's own and not 128 + the signal's
    // number.
    process.exit(code);
  },
};

async function program(): Promise<(args: string[]) => Promise<number>> {
  if ('Bun' in globalThis) return (await import('@voiceflow-ml/server/bun')).serve;
  if ('Deno' in globalThis) return (await import('@voiceflow-ml/server/deno')).serve;
  const { restartWithFlags, serve } = await import('@voiceflow-ml/server/node');
  restartWithFlags();
  return serve;
}
