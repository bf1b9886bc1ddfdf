import { type BenchIo, choiceFlag, countFlag, optionalNumber, parseFlags } from './args.ts';
import { coldStart, compareBackends } from './backends.ts';
import { startNullServer } from './load/null-server.ts';
import { ENGINES } from './model/engines.ts';
import { measureSpeed } from './pipelines.ts';

/** Parts of the measurements that need a process of their own; called by the commands, not by people. */
export const parts: Readonly<Record<string, (args: readonly string[], io: BenchIo) => Promise<number>>> = {
  async inside(args, io) {
    const iterations = countFlag(parseFlags(args, { iterations: 'string' }), 'iterations', [10, 100_000], 200);
    io.out(JSON.stringify(await compareBackends({ iterations })));
    return 0;
  },
  async 'cold-start'(args) {
    await coldStart(choiceFlag(parseFlags(args, { engine: 'string' }), 'engine', ENGINES));
    return 0;
  },
  async speed(args, io) {
    const flags = parseFlags(args, { backend: 'string', minutes: 'string', repeats: 'string' });
    const minutes = optionalNumber(flags, 'minutes', [0.1, 600]);
    const backend = choiceFlag(flags, 'backend', ['node', 'wasm']);
    const repeats = countFlag(flags, 'repeats', [1, 100], 3);
    io.out(JSON.stringify(await measureSpeed({ backend, repeats, minutes })));
    return 0;
  },
  async 'null-server'(args, io) {
    const server = await startNullServer(countFlag(parseFlags(args, { port: 'string' }), 'port', [0, 65_535], 0));
    await new Promise<void>((resolve) => io.signal?.addEventListener('abort', () => resolve()));
    await server.close();
    return 0;
  },
};
