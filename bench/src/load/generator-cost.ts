import { BENCH_SCRIPT } from '../inner.ts';
import { freePort, startProcess } from '../managed-process.ts';
import { openLoop, warmUp } from './loops.ts';
import type { LoadResult } from './recorder.ts';
import { inferTarget } from './target.ts';

/** The request rate at which the generator's own cost is measured. */
export const GENERATOR_RATE = 2000;

const CONNECTIONS = 64;

/** The generator's result with a server that does nothing. */
export interface GeneratorResult {
  readonly rate: number;
  readonly open: LoadResult;
}

/** Loads a null server in its own process, to measure the cost and the error of the generator itself. */
export async function measureGenerator(rate: number, seconds: number): Promise<GeneratorResult> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [BENCH_SCRIPT, 'null-server', '--port', String(port)];
  await using _server = await startProcess({ command: process.execPath, args, readyUrl: url });
  using target = inferTarget(url, CONNECTIONS);
  await warmUp(target, 500, 20);
  return { rate, open: await openLoop(target, { rate, seconds, connections: CONNECTIONS }) };
}
