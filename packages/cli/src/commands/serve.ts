import process from 'node:process';
import { throwIfAborted } from 'voiceflow-ml/core';
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
  async execute(args, { signal, handOverSignals }) {
    const program = await entry(signal);
    handOverSignals();
    const code = await program.serve([...args]);
    // A signal is the normal way to stop a server, so the exit code is the server's own and not 128 + the signal's
    // number.
    process.exit(code);
  },
};

/** @param signal Fires on a signal that arrives before the program handles signals itself. */
async function entry(signal: AbortSignal) {
  if ('Bun' in globalThis) return import('@voiceflow-ml/server/bun');
  if ('Deno' in globalThis) return import('@voiceflow-ml/server/deno');
  const node = await import('@voiceflow-ml/server/node');
  throwIfAborted(signal);
  node.restartWithFlags();
  return node;
}
