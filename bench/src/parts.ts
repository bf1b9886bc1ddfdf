import { choice, integer, number, or } from '@voiceflow-ml/server/args';
import { coldStart, compareBackends } from './backends.ts';
import { type BenchCommand, command } from './command.ts';
import { startNullServer } from './load/null-server.ts';
import { ENGINES } from './model/engines.ts';
import { measureSpeed } from './pipelines.ts';

/** Parts of the measurements that need their own process. The commands run them; users do not. */
export const parts: Readonly<Record<string, BenchCommand>> = {
  inside: command({
    summary: 'compares the backends in this runtime',
    options: { iterations: integer([10, 100_000], 200, '') },
    run: async ({ iterations }, io) => io.out(JSON.stringify(await compareBackends(iterations))),
  }),
  'cold-start': command({
    summary: 'time from the start to the first result',
    options: { engine: or(choice(ENGINES, ''), ENGINES[0]) },
    run: ({ engine }) => coldStart(engine),
  }),
  speed: command({
    summary: 'a pipeline on a recording',
    options: {
      backend: or(choice(['node', 'wasm'], ''), 'node'),
      minutes: number([0.1, 600], 'MINUTES', ''),
      repeats: integer([1, 100], 3, ''),
    },
    run: async (options, io) => io.out(JSON.stringify(await measureSpeed(options))),
  }),
  'null-server': command({
    summary: 'a server without work',
    options: { port: integer([0, 65_535], 0, '') },
    async run({ port }, io) {
      const server = await startNullServer(port);
      await new Promise<void>((resolve) => io.signal?.addEventListener('abort', () => resolve()));
      await server.close();
    },
  }),
};
