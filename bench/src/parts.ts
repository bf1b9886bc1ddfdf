import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchIo, choiceFlag, countFlag, optionalNumber, parseFlags } from './args.ts';
import { coldStart, compareBackends } from './backends.ts';
import { PROFILE_RUNS } from './commands/backends.ts';
import { BENCH_SCRIPT, END_OF_PART } from './inner.ts';
import { startNullServer } from './load/null-server.ts';
import { ENGINES } from './model/engines.ts';
import { FAST_CNN, fastCnnPath, readModel } from './model/files.ts';
import { runProfiled } from './model/profile.ts';
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
  async profile(args, io) {
    const engine = choiceFlag(parseFlags(args, { engine: 'string' }), 'engine', ['native', 'wasm']);
    if (engine === 'wasm') io.out(printedToFile(['profile-wasm']));
    else io.out(await runProfiled('native', await fastCnn(), PROFILE_RUNS));
    return 0;
  },
  async 'profile-wasm'() {
    await runProfiled('wasm', await fastCnn(), PROFILE_RUNS);
    return 0;
  },
  async speed(args, io) {
    const flags = parseFlags(args, { backend: 'string', minutes: 'string', repeats: 'string' });
    const minutes = optionalNumber(flags, 'minutes', [0.1, 600]);
    const backend = choiceFlag(flags, 'backend', ['node', 'wasm']);
    const repeats = countFlag(flags, 'repeats', [1, 100], 3);
    io.out(JSON.stringify(await measureSpeed({ backend, repeats, ...(minutes === undefined ? {} : { minutes }) })));
    return 0;
  },
  async 'null-server'(args, io) {
    const server = await startNullServer(countFlag(parseFlags(args, { port: 'string' }), 'port', [0, 65_535], 0));
    await new Promise<void>((resolve) => io.signal?.addEventListener('abort', () => resolve()));
    await server.close();
    return 0;
  },
};

async function fastCnn(): Promise<Uint8Array> {
  return (await readModel(fastCnnPath(FAST_CNN.fp32))).bytes;
}

/**
 * What a part prints, through a file. ONNX Runtime Web prints its profile by `writeSync(1)`: on a pipe that is full this
 * throws EAGAIN in the middle of WebAssembly's printf, whose lock is then never released, and the next line waits for
 * ever. A file never blocks.
 */
function printedToFile(args: readonly string[]): string {
  const path = join(tmpdir(), `voiceflow-part-${process.pid}.txt`);
  const file = openSync(path, 'w');
  try {
    spawnSync(process.execPath, [BENCH_SCRIPT, ...args], { stdio: ['ignore', file, 'inherit'], timeout: 120_000 });
    return readFileSync(path, 'utf8').replaceAll(END_OF_PART, '');
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
