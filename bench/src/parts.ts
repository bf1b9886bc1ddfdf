import { fileURLToPath } from 'node:url';
import { choice, integer, number, or } from '@voiceflow-ml/server/args';
import { serveNode } from '@voiceflow-ml/server/node';
import { seededRandom } from 'voiceflow-ml/testing';
import { coldStart, compareBackends } from './backends.ts';
import { type BenchCommand, command } from './command.ts';
import { startNullServer } from './load/null-server.ts';
import { ENGINES, loadEngine } from './model/engines.ts';
import { feedsFor } from './model/feeds.ts';
import { readModel } from './model/files.ts';
import { measureIsolated } from './model/isolated.ts';
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
  'bare-loop': command({
    summary: 'sequential runs of ONNX Runtime in this thread',
    options: { seconds: number([0.1, 600], 5, '') },
    async run({ seconds }, io) {
      const engine = 'native-direct';
      const file = await readModel();
      const model = await loadEngine(engine, file);
      const signal = AbortSignal.timeout(1000 * seconds);
      const options = { engine, name: file.name, iterations: Number.POSITIVE_INFINITY, warmup: 20, signal };
      io.out(JSON.stringify(await measureIsolated(model, feedsFor(model.inputs, {}, seededRandom(1)), options)));
    },
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
  'faulty-server': command({
    summary: 'the server with workers that fail according to VOICEFLOW_FAULTS',
    options: {},
    async run(_, io) {
      const worker = fileURLToPath(import.meta.resolve('@voiceflow-ml/server/faulty-worker'));
      const server = await serveNode({
        port: Number(process.env.VOICEFLOW_PORT),
        workers: Number(process.env.VOICEFLOW_WORKERS),
        command: { command: process.execPath, args: [worker], env: {} },
        log: () => {},
      });
      await new Promise<void>((resolve) => io.signal?.addEventListener('abort', () => resolve()));
      await server.close();
    },
  }),
};
